"""What the file of a method is held to beside the contract: no gap of the template, names that fit, a content ruff."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from urlvr_bench import methods
from urlvr_bench.needs import LABELS, TOKEN_SIGNALS, Family, Signal
from urlvr_bench.rollouts import Method

Check = Callable[[Path, Method], Iterator[str]]
GAPS = re.compile(r"\b[Ss]ay (?:in half a sentence|in one sentence|where this differs|what this)\b|abs/2501\.00000")
"""What the template leaves to be filled in."""
RULES = methods.FOLDER.parent / "pyproject.toml"
SPEAKS_FOR: dict[Signal, Family] = {
    **dict.fromkeys(TOKEN_SIGNALS, "intrinsic/certainty"),
    **dict.fromkeys(("extra_answers", "extra_texts"), "intrinsic/ensemble"),
    "continuation": "external/unlabeled-data",
    **dict.fromkeys(("verified", "tests_passed", "proofs_accepted", "verification_prompts"), "external/verification"),
    **dict.fromkeys(LABELS, "supervised"),
}
"""The family that a signal is evidence of."""


def fills_in_the_template(path: Path, method: Method) -> Iterator[str]:
    """Nothing is left of the template's gaps."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if gap := GAPS.search(line):
            yield f"line {number} still has the template's {gap[0]!r}"


def is_named_by_its_file(path: Path, method: Method) -> Iterator[str]:
    """The class has the name of the file, in capitals, so that each is found by the other."""
    if not methods.NAME.fullmatch(path.stem):
        yield f"the file {path.name} must have lower-case letters, digits and _ alone, such as my_method.py"
    elif (wanted := class_name(path.stem)) != type(method).__name__:
        yield f"the class in {path.name} is {type(method).__name__}: name it {wanted}"


def class_name(name: str) -> str:
    """Return the name of the class in a method's file."""
    return "".join(part.capitalize() for part in name.split("_"))


def is_of_the_family_of_its_evidence(path: Path, method: Method) -> Iterator[str]:
    """A mixture is of the family whose evidence goes furthest: certainty, ensemble, plain text, checks, labels."""
    read = [SPEAKS_FOR[signal] for signal in method.needs if signal in SPEAKS_FOR]
    furthest = methods.mixture([method.family, *read])
    if furthest != method.family:
        of = ", ".join(signal for signal in method.needs if SPEAKS_FOR.get(signal) == furthest)
        yield f"is of {method.family} and reads {of}: a mixture belongs where its evidence goes furthest, {furthest}"


def pleases_ruff(path: Path, method: Method) -> Iterator[str]:
    """`ruff check` and `ruff format`, which CI runs, find nothing."""
    yield from _ruff("check", "--output-format", "concise", "--quiet", str(path))
    if any(_ruff("format", "--check", "--quiet", str(path))):
        yield f"is not formatted: run `ruff format {path}`"


def _ruff(*arguments: str) -> Iterator[str]:
    """Yield what ruff finds by the rules of the project, one line each."""
    rules = ["--config", str(RULES)] if RULES.is_file() else ["--isolated"]
    command = [sys.executable, "-m", "ruff", *arguments, *rules]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if ran.returncode:
        found = (ran.stdout or ran.stderr).strip().splitlines() or ["ruff is not content"]
        missing = "No module named ruff" in ran.stderr
        yield from ["nobody looked, for ruff is not installed: pip install ruff"] if missing else found


CHECKS: tuple[Check, ...] = (
    fills_in_the_template,
    is_named_by_its_file,
    is_of_the_family_of_its_evidence,
    pleases_ruff,
)


def results(path: Path, method: Method, further: Sequence[Check] = ()) -> dict[Check, list[str]]:
    """Return what is wrong with a method's file, check by check."""
    return {check: list(check(path, method)) for check in (*CHECKS, *further)}
