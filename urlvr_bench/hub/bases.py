"""What a policy was trained from: the model's place on the Hub, and the licence that its policy keeps."""

from collections.abc import Mapping
from dataclasses import dataclass

from urlvr_bench import models, released
from urlvr_bench.hub.difference import Repo
from urlvr_bench.hub.repo import Hub

OURS = "apache-2.0"
"""Licence of the pocket priors, which ship with this package."""
UNKNOWN = "unknown"
"""What the Hub calls a licence that nobody has stated."""


@dataclass(frozen=True)
class Base:
    """A model that policies were trained from."""

    hub_id: str | None
    """None where the Hub has no such model: a pocket prior, or somebody's own folder."""
    license: Mapping[str, str]
    """As in a card: `license`, and the name and link of one that the Hub has no word for."""


def find(name: str, hub: Hub, *, guess: bool = False) -> Base:
    """Return where a model of a record comes from; the Hub is asked for the licence of its own models.

    With `guess`, a Hub that cannot be reached leaves the licence unknown.
    """
    if models.is_prior(name):
        return Base(None, {"license": OURS})
    if (ours := released.find(name)) is not None:
        return Base(ours.hub_id, {"license": ours.license.lower()})
    if "/" not in name:
        return Base(None, {"license": UNKNOWN})
    repo = Repo(name, "model")
    return Base(name, _license(name, hub.patiently(repo, lambda: hub.card(repo, guess=guess))))


def _license(name: str, card: Mapping[str, object]) -> Mapping[str, str]:
    """Return a card's words on its licence, a link to a file of the repo as a whole address."""
    stated = {key: str(card[key]) for key in ("license", "license_name", "license_link") if card.get(key)}
    link = stated.get("license_link", "")
    if link and "://" not in link:
        stated["license_link"] = f"https://huggingface.co/{name}/blob/main/{link}"
    return {"license": UNKNOWN} | stated
