"""Proof checkers as verifiers: Coq's `coqc` and Lean's `lean`, each behind the same three functions.

The file that is checked is the prompt's statement, then the completion's tactics and nothing else of it, then our
request for the axioms: a proof counts if the checker accepts the file and reports that the statement rests on none.
"""

import functools
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from urlvr_bench.errors import UsageError
from urlvr_bench.verifiers import sandbox

FENCE = re.compile(r"```(coq|lean4?)[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
MAX_LENGTH = 20_000


@dataclass(frozen=True)
class Statement:
    """What is to be proved, as the prompt shows it."""

    language: str
    """`coq` or `lean`."""
    text: str
    """Imports, definitions and, last, the statement, without a proof."""


def statement(prompt: str) -> Statement:
    """Return the statement in the prompt's last ```coq or ```lean block."""
    blocks = FENCE.findall(prompt)
    if not blocks:
        raise UsageError(f"proof: prompt {prompt[:60]!r} shows no statement in a ```coq or ```lean block")
    language, text = blocks[-1]
    return Statement(language.lower().rstrip("4"), text.strip())


def missing(language: str) -> str:
    """Return why proofs in a language cannot be checked here; empty if they can."""
    program, fix = {
        "coq": ("coqc", "install Coq (Debian and Ubuntu: apt-get install coq)"),
        "lean": ("lean", "install Lean 4 with elan, and put `lean` on the PATH"),
    }[language]
    return "" if shutil.which(program) else f"{program} is not on the PATH: {fix}"


def accepted(prompt: str, completions: Sequence[str]) -> list[bool]:
    """Return whether each completion proves the statement that the prompt shows."""
    goal = statement(prompt)
    return sandbox.each(lambda text: holds(goal, text), completions)


def holds(statement: Statement, completion: str, seconds: float = 10.0) -> bool:
    """Return whether the completion proves the statement; a missing checker is an error, a long proof is none."""
    blocks = FENCE.findall(completion)
    script = (blocks[-1][1] if blocks else completion).strip()
    if len(script) > MAX_LENGTH:
        return False
    program = {"coq": _coq_program, "lean": _lean_program}[statement.language](statement.text, script)
    return program is not None and _accepted(statement.language, program, seconds)


@functools.lru_cache(maxsize=1 << 14)
def _accepted(language: str, program: str, seconds: float) -> bool:
    if reason := missing(language):
        raise UsageError(f"proofs in {language} cannot be checked: {reason}")
    if language == "coq":
        limits = sandbox.Limits(seconds=seconds, memory_mb=4096)
        outcome = _run([str(shutil.which("coqc")), "-q", "goal.v"], program, limits)
        said = outcome.output.rstrip().splitlines()[-1:]
        return outcome.code == 0 and said == ["Closed under the global context"]
    limits = sandbox.Limits(seconds=seconds, memory_mb=1 << 14, threads=64, file_mb=64)
    outcome = _run([_lean(), "goal.lean"], program, limits)
    return outcome.code == 0 and _lean_axioms(outcome.output) <= LEAN_AXIOMS


def _run(argv: list[str], program: str, limits: sandbox.Limits) -> sandbox.Outcome:
    """Run a checker on a file; it may read the folder that it is installed in."""
    return sandbox.run(argv, {argv[-1]: program}, limits, reads=[str(Path(argv[0]).resolve().parents[1])])


@functools.cache
def _lean() -> str:
    """Return the path of the compiler itself; `lean` on the PATH may be elan's switch, which needs a home."""
    asked = [str(shutil.which("lean")), "--print-prefix"]
    prefix = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 (trusted)
    return f"{prefix}/bin/lean"


COQ_SCRIPT = re.compile(r".*\bProof\s*\.(?P<tactics>.*?)\bQed\s*\.", re.DOTALL)
COQ_NAME = re.compile(r"\b(?:Lemma|Theorem|Corollary|Proposition|Fact|Remark|Example)\s+(\w+)")
COQ_SENTENCE_END = re.compile(r"\.(?:\s+|$)")
COQ_TACTIC = re.compile(r"[-+*{}\s]*(?:[a-z0-9(\[!_].*)?", re.DOTALL)
"""A tactic, after bullets and braces; what starts with a capital letter is a command."""
COQ_COMMENT = re.compile(r"\(\*(?:(?!\(\*).)*?\*\)", re.DOTALL)
COQ_HOLE = re.compile(r"\b(?:admit|give_up)\b|\"|\(\*")


def _coq_program(text: str, script: str) -> str | None:
    """Return the file that proves the statement with the last script's tactics, then prints its axioms."""
    found, names = COQ_SCRIPT.match(COQ_COMMENT.sub(" ", script)), COQ_NAME.findall(text)
    if found is None or not names or COQ_HOLE.search(found["tactics"]):
        return None
    if not all(COQ_TACTIC.fullmatch(sentence) for sentence in COQ_SENTENCE_END.split(found["tactics"])):
        return None
    return f"{text}\nProof.{found['tactics']}\nQed.\nPrint Assumptions {names[-1]}.\n"


LEAN_AXIOMS = frozenset({"propext", "Classical.choice", "Quot.sound"})
"""The axioms that Lean's own library rests on."""
LEAN_NAME = re.compile(r"\b(?:theorem|lemma)\s+([\w.']+)")
LEAN_FORBIDDEN = re.compile(
    r"#|\b(?:sorry|admit|axiom|native_decide|unsafe|opaque|run_tac|run_cmd|elab\w*|macro\w*|syntax|notation|open|end"
    r"|namespace|section|import|theorem|lemma|def|instance|attribute|set_option|initialize|extern|implemented_by)\b"
)


def _lean_program(text: str, script: str) -> str | None:
    """Return the file that proves the statement with the script, then prints its axioms."""
    names = LEAN_NAME.findall(text)
    if not script or not names or LEAN_FORBIDDEN.search(script):
        return None
    head = re.sub(r":=\s*(?:by)?\s*(?:sorry)?\s*$", "", text).rstrip()
    body = "\n".join(f"  {line}" for line in re.sub(r"^(?::=\s*)?by\b", "", script).splitlines())
    return f"{head} := by\n{body}\n\n#print axioms {names[-1]}\n"


def _lean_axioms(output: str) -> set[str]:
    """Return the axioms that Lean reports in its last lines; a name of our own if it reports nothing."""
    if re.search(r"does not depend on any axioms\s*$", output):
        return set()
    found = re.search(r"depends on axioms: \[([^\]]*)\]\s*$", output)
    return set(re.split(r",\s*", found[1])) if found else {"no report"}
