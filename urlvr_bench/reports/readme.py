"""Keep the generated part of README.md true: sentences and tables between the markers come from results/."""

import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from urlvr_bench.presentation import generated
from urlvr_bench.presentation.rendering import rendered
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.reports import tables
from urlvr_bench.reports.tables import TRAIN_PEAK, column_name
from urlvr_bench.science.claims import Claim, collapses, ends, listed, mean, span, starts, told
from urlvr_bench.science.sharpening import reached
from urlvr_bench.statistics.collapse import HEADLINE, survival
from urlvr_bench.statistics.intervals import two_way

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(<!-- BEGIN results -->\n).*?(<!-- END results -->)", re.DOTALL)
COLLAPSE = column_name(HEADLINE)
PROTOCOLS = {
    "pocket": (
        "collapse",
        ("method", "seeds", "base", "peak (oracle-picked)", "peak step", "final", COLLAPSE, "training, tokens"),
    ),
    "pocket-probe": ("probe", ("model", "seeds", "base", TRAIN_PEAK, "final", COLLAPSE)),
}
"""For each protocol shown, the kind of table and its columns."""
RISEN = 40
"""Step at which the rise is told, fixed beforehand: a peak would be picked with the labels."""


def block(records: list[Record]) -> str:
    """Return the README's results: what they say, every method under the gentle protocol, the vote on every prior."""
    own = {protocol: [one for one in records if one.protocol_id == protocol and _own(one)] for protocol in PROTOCOLS}
    said = told([*_gentle(own["pocket"]), *_pushed(own["pocket-probe"])])
    parts = [textwrap.fill(said, 120, break_on_hyphens=False)]
    for protocol, (kind, columns) in PROTOCOLS.items():
        parts += [rendered(each, "markdown", columns) for each in tables.tables(own[protocol], kind)]
    return "\n\n".join(parts) + "\n"


def _own(found: Record) -> bool:
    """Return whether a record is of its protocol's own task and, but for the ladder of the probe, model."""
    named = found.protocol
    return found.task.name == named.task and (named.name == "pocket-probe" or found.model.name == named.model)


def _gentle(records: Sequence[Record]) -> list[Claim]:
    """Return what became of token entropy, self-certainty, noise and the supervised reference."""
    runs = {name: [one for one in records if one.method.id == name] for name in {one.method.id for one in records}}
    loud = ("token_entropy", "self_certainty")
    rises = {name: two_way(reached(runs[name], RISEN) - reached(runs[name], 0), (-1.0, 1.0)) for name in loud}
    rose = listed(f"{name} {rise.mean:+.3f} [{rise.low:+.3f}, {rise.high:+.3f}]" for name, rise in rises.items())
    fell = listed(f"{name} at {span(ends(runs[name]))}" for name in loud)
    taught, noise = runs["ground_truth"], runs["random_reward"]
    return [
        Claim(
            f"Some rewards rise, then fall: from {mean(taught, starts):.2f} at the start, {rose} at step {RISEN}; at "
            f"the end {fell}.",
            all(rise.low > 0 for rise in rises.values()) and all(max(ends(runs[n])) < 0.5 for n in loud),
        ),
        Claim(
            f"The supervised reference holds at {mean(taught, ends):.3f} in all {len(taught)} seeds, as majority "
            f"voting does at {mean(runs['majority_vote'], ends):.3f}.",
            min(ends(taught)) > 0.98 and min(ends(runs["majority_vote"])) > 0.98,
        ),
        Claim(
            f"Rewarding at random ends at {span(ends(noise))}: at this size and learning rate noise alone costs a good "
            "part of what the two lose.",
            max(ends(noise)) < 0.75 * mean(noise, starts),
        ),
    ]


def _pushed(records: Sequence[Record]) -> list[Claim]:
    """Return when the vote collapses on each prior where it is pushed hard."""
    rungs: dict[str, list[Record]] = {}
    for one in records:
        rungs.setdefault(one.model.name, []).append(one)
    ladder = sorted(rungs.values(), key=lambda runs: mean(runs, starts))
    found = [survival([HEADLINE.step(one) for one in runs], [one.last_step for one in runs]) for runs in ladder]
    medians = [each.median for each in found if each.median is not None]
    return [
        Claim(
            f"Pushed hard, majority voting collapses in all {len(records)} runs, in the median at step "
            f"{listed(f'{median:g}' for median in medians)} from the weakest to the strongest start.",
            len(collapses(records)) == len(records) and medians == sorted(set(medians)),
        )
    ]


def main(arguments: list[str]) -> int:
    """Rewrite README.md, or with `--check` only say whether it is stale."""
    path = ROOT / "README.md"
    made = block(record.read_all([ROOT / "results"]))
    text = BLOCK.sub(lambda marks: marks[1] + made + marks[2], path.read_text(encoding="utf-8"))
    return generated.keep({path: text}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
