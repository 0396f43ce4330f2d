"""Which addresses pages may name: places that somebody has opened, and none that this project merely hopes to have."""

import html
import re
from collections.abc import Iterator

ADDRESS = re.compile(r"https?://[^\s\"'`<>)\]}|\\]+")
"""A web address in prose, Markdown, HTML or YAML."""
GITHUB = {
    "EleutherAI/lm-evaluation-harness",
    "bjascob/LemmInflect",
    "evaleval/every_eval_ever",
    "huggingface/trl",
    "open-thought/reasoning-gym",
    "paulaoak/condorcet_ttrl",
}
"""Repositories of others that pages lead to; add one after opening it."""
PLACES = (
    r"https://arxiv\.org/abs/\d\d(0[1-9]|1[0-2])\.(?!0+\b)\d{5}",
    r"https://github\.com/(?:" + "|".join(map(re.escape, sorted(GITHUB))) + ")",
    r"https://huggingface\.co/(?:datasets|spaces|docs/hub)(?:/.+)?",  # ids come from task files and from the user
    r"https://pypi\.org/project/(?:countryinfo)/?",
    r"https://matplotlib\.org/?",
    r"https://www\.apache\.org/licenses/LICENSE-2\.0",
    r"http://host:port",  # how an option is written
    r"https://json-schema\.org/draft/2020-12/schema",  # a name in a schema, not a link
    r"http://www\.w3\.org/.+|http://purl\.org/dc/.+|http://creativecommons\.org/ns#",  # names in SVG, not links
)


def addresses(text: str) -> Iterator[str]:
    """Yield the web addresses in a text."""
    for match in ADDRESS.finditer(html.unescape(text)):
        yield match[0].rstrip(".,;:")


def unknown(text: str) -> list[str]:
    """Return the addresses in a text that nobody is known to have opened."""
    return sorted({one for one in addresses(text) if not any(re.fullmatch(place, one) for place in PLACES)})
