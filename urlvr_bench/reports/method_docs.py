"""Write docs/methods.md, the index of all methods, from the classes themselves.

`python -m urlvr_bench.reports.method_docs` writes it, `--check` only says whether it is up to date.
"""

import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from urlvr_bench import methods
from urlvr_bench.needs import FAMILIES
from urlvr_bench.presentation import generated
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.rollouts import Method
from urlvr_bench.science.claims import listed
from urlvr_bench.statistics.cells import cells, twins

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "methods.md"
HEAD = """# Reward methods

Made by `make docs` from the classes in `methods/`; do not edit it. In formulas, `a_i` is the answer of rollout i of a
group of G, `count(a)` how many of them give answer a, `p_t` the distribution that token t was drawn from, and `1[...]`
is 1 if so and 0 if not. All token signals are taken at the sampling temperature T, in nats.
Equal answers are equal strings: before a method sees a group, all answers to its prompt, those of extra rollouts
included, are gathered in classes of equal ones (exact numbers by value, formulas by algebra), and each is replaced by
the representative of its class, which depends on these answers alone. Correctness is decided once for a class.

"""
FAMILY_NOTES = {
    "intrinsic/certainty": "The reward is the policy's own certainty; no other rollout matters.",
    "intrinsic/ensemble": "The reward is agreement among rollouts of the policy, of its past or of other views.",
    "external/verification": "Something other than the policy's confidence checks the rollout, without the label.",
    "external/unlabeled-data": "The reward comes from plain text.",
    "baseline": "What a method must be held against before it is credited with anything.",
    "supervised": "These read the label and say so; they are bounds and controls, never competitors.",
}


def generate() -> str:
    """Return the whole page."""
    loaded = {name: methods.load(name) for name in methods.names()}
    twin = equals(record.read_all([ROOT / "results"]))
    parts = [HEAD, "| method | known as | family | signals | labels |\n|---|---|---|---|---|\n"]
    for family in FAMILIES:
        for name, cls in loaded.items():
            if cls.family == family:
                aliases, signals = ", ".join(cls.aliases), ", ".join(f"`{signal}`" for signal in cls.needs)
                labels = "yes" if cls().uses_labels() else ""
                parts.append(f"| [{name}](#{name}) | {aliases} | {family} | {signals} | {labels} |\n")
    for family in FAMILIES:
        parts.append(f"\n## {family}\n\n{FAMILY_NOTES[family]}\n")
        parts += [_section(name, cls, twin) for name, cls in loaded.items() if cls.family == family]
    return "".join(parts)


def equals(known: Sequence[Record]) -> dict[str, str]:
    """Return what to say of each method whose committed runs are those of another, seed by seed."""
    found: dict[str, dict[tuple[str, ...], list[str]]] = {}
    for cell, rows in cells([one for one in known if not one.overrides]).items():
        for name, others in twins(rows).items():
            if others:
                found.setdefault(name, {}).setdefault(others, []).append(f"`{cell.task}` under `{cell.protocol}`")
    return {
        name: " ".join(
            f"On {listed(dict.fromkeys(tasks))} its committed runs are those of "
            f"{listed(f'`{other}`' for other in others)}: in every group of theirs both pay alike, up to the scale."
            for others, tasks in by_others.items()
        )
        for name, by_others in found.items()
    }


def _section(name: str, cls: type[Method], twin: Mapping[str, str]) -> str:
    about = re.sub(r"\n*^>>>.*", "", inspect.getdoc(cls) or "", flags=re.DOTALL | re.MULTILINE).strip()
    card = [f"Pays `{cls.formula}`.", f"[Paper]({cls.paper}) · [source](../methods/{name}.py)"]
    if cls.aliases:
        card.insert(0, f"Also known as {', '.join(f'`{alias}`' for alias in cls.aliases)}.")
    text = f"\n### {name}\n\n{about}\n\n{' '.join(card)}\n"
    if cls.needs:
        text += f"\nSignals: {', '.join(f'`{signal}`' for signal in cls.needs)}.\n"
    if beside := cls().token_turns():
        text += f"\nBeside the reward: {', '.join(f'`{turn}`' for turn in beside)}.\n"
    if fields := methods.hyper_parameters(cls):
        text += "\n| hyper-parameter | default | |\n|---|---|---|\n"
        text += "".join(f"| `{field}` | `{default}` | {' '.join(what.split())} |\n" for field, default, what in fields)
    if cls.differs:
        text += f"\nDifferences: {cls.differs}\n"
    if name in twin:
        text += f"\n{twin[name]}\n"
    return text


def stale() -> bool:
    """Return whether the page says anything else than the classes do."""
    return generated.stale(PAGE, generate())


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 if it is out of date."""
    return generated.keep({PAGE: generate()}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
