"""Proof checkers as verifiers: Coq's `coqc` and Lean's `lean`, each behind the same three functions.

A proof counts if the checker accepts it, if it is made of tactics alone, and if the checker itself then reports
that the statement, restated by us, rests on no axiom.
"""

import functools
import re
import shutil
from dataclasses import dataclass

from urlvr_bench import sandbox
from urlvr_bench.errors import UsageError

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
        outcome = sandbox.run([str(shutil.which("coqc")), "-q", "goal.v"], {"goal.v": program}, limits=limits)
        said = outcome.output.rstrip().splitlines()[-1:]
        return outcome.code == 0 and said == ["Closed under the global context"]
    limits = sandbox.Limits(seconds=seconds, memory_mb=1 << 14, processes=64, file_mb=64)
    outcome = sandbox.run([str(shutil.which("lean")), "goal.lean"], {"goal.lean": program}, limits=limits)
    return outcome.code == 0 and _lean_axioms(outcome.output) <= LEAN_AXIOMS


COQ_SCRIPT = re.compile(r"Proof\s*\.(?P<tactics>.*)\bQed\s*\.", re.DOTALL)
COQ_NAME = re.compile(r"\b(?:Lemma|Theorem|Corollary|Proposition|Fact|Remark|Example)\s+(\w+)")
COQ_COMMAND = re.compile(
    r"(?:^|[.}{*+-])\s*(?:#\[.*?\]\s*)?(?:(?:Local|Global|Time|Timeout|Fail|Succeed|Redirect|Instructions|Polymorphic"
    r"|Program|Cumulative|Monomorphic|Private)\b|[A-Z]\w*)",
    re.DOTALL,
)
"""A word that starts a sentence with a capital is a command of Coq; tactics start with a small letter."""
COQ_HOLE = re.compile(r"\b(?:admit|give_up|Admitted|Abort|Axiom|Qed|Defined|Save)\b")


def _coq_program(text: str, script: str) -> str | None:
    """Return the file that proves the statement with the script's tactics, then restates it and prints its axioms."""
    found, names = COQ_SCRIPT.fullmatch(script), COQ_NAME.findall(text)
    if found is None or not names or '"' in script or "(*" in script:
        return None
    tactics = found["tactics"]
    if COQ_HOLE.search(tactics) or COQ_COMMAND.search(tactics):
        return None
    return f"{text}\nProof.{tactics}\nQed.\nPrint Assumptions {names[-1]}.\n"


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
