"""Only a proof is accepted as a proof; Coq judges for real where it is installed."""

import random
import shutil
import stat
import time
from pathlib import Path

import pytest

from urlvr_bench.errors import UsageError
from urlvr_bench.pocket import lemmas, problems
from urlvr_bench.verifiers import proofs, sandbox
from urlvr_bench.verifiers.proofs import Statement

coq = pytest.mark.needs("coq")
lean = pytest.mark.needs("lean")

SEVEN = "Lemma seven : 3 + 4 = 7."
SWAP = "Lemma swap : forall A B : Prop, A /\\ B -> B /\\ A."
LINEAR = "Require Import Lia.\nLemma linear : forall n m : nat, n + m + 2 = 2 + m + n."
FALSE = "Lemma wrong : 3 + 4 = 8."

JUDGED = [
    (SEVEN, "Proof. reflexivity. Qed.", True),
    (SEVEN, "I would say\n```coq\nProof.\n  trivial.\nQed.\n```\nand be done.", True),
    (SEVEN, "First Proof. discriminate. Qed. No: Proof. reflexivity. Qed.", True),
    (SEVEN, "```coq\nProof. discriminate. Qed.\n```", False),
    (SWAP, "Proof.\n  intros A B [a b].\n  split.\n  - exact b.\n  - exact a.\nQed.", True),
    (SWAP, "Proof. intros A B H; destruct H as [a b]; split; assumption. Qed.", True),
    (SWAP, "Proof.\n  (* Take it apart. Admitted? *)\n  intros A B [a b]. (* split. *)\n  now split.\nQed.", True),
    (SWAP, "Proof. exact (fun A B H => match H with conj a b => conj b a end). Qed.", True),
    (SWAP, "Proof. intros A B H. assert (A * B -> True). { intro. exact I. } tauto. Qed.", True),
    (LINEAR, "Proof. intros n m. induction n. { lia. } lia. Qed.", True),
    (FALSE, "Proof. reflexivity. Qed.", False),
    (FALSE, "Proof. lia. Qed.", False),
    ("Lemma absurd : False.", "Proof. exact (fix f (n : nat) : False := f n) 0. Qed.", False),
    ("Lemma absurd : False.", "Proof. exact ((fun x : False => x) (f I)). Qed.", False),
]

REFUSED = [
    "It is obvious.",
    "",
    "Proof. Qed",
    "Proof. Admitted.",
    "Proof. admit. Qed.",
    "Proof. all: give_up. Qed.",
    "Proof. exact ltac:(admit). Qed.",
    "Proof. idtac. Abort. Lemma wrong : True. exact I. Qed.",
    "Proof. Axiom cheat : 3 + 4 = 8. exact cheat. Qed.",
    "Proof. { Back 2. } Qed.",
    'Proof. - Declare ML Module "x". Qed.',
    "Proof. #[local] Unset Guard Checking. Qed.",
    'Proof. idtac "Closed under the global context". Qed.',
    "Proof. reflexivity (* . Qed.",
    "Proof. " + "idtac. " * 5000 + "Qed.",
]


@pytest.mark.parametrize("flood", ["Proof. ", "```coq\n", "Proof.Qed", " ", "(", "{- ", "Proof. a. "])
def test_a_flood_of_text_is_refused_at_once(flood: str) -> None:
    started = time.monotonic()
    assert not proofs.holds(Statement("coq", FALSE), flood * (10**6 // len(flood)))
    assert not proofs.holds(Statement("coq", FALSE), flood * (proofs.MAX_LENGTH // len(flood)))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("script", REFUSED)
def test_what_is_no_script_of_tactics_is_refused_unseen(script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "_accepted", lambda *_: pytest.fail("the checker was asked"))
    assert not proofs.holds(Statement("coq", FALSE), script)


@coq
@pytest.mark.parametrize(("text", "completion", "verdict"), JUDGED)
def test_coq_judges(text: str, completion: str, verdict: bool) -> None:
    assert proofs.holds(Statement("coq", text), completion) is verdict


@coq
def test_an_axiom_that_the_statement_smuggles_in_is_found() -> None:
    text = "Axiom cheat : 3 + 4 = 8.\nLemma wrong : 3 + 4 = 8."
    assert not proofs.holds(Statement("coq", text), "Proof. exact cheat. Qed.")


@coq
def test_a_proof_without_end_is_stopped() -> None:
    assert not proofs.holds(Statement("coq", SEVEN), "Proof. repeat (idtac; clear). do 1000000000 idtac. Qed.", 1.0)


@coq
def test_proofs_of_what_a_prompt_states_are_accepted() -> None:
    prompt = lemmas.PROMPT.format(statement=SEVEN)
    rollouts = ["Proof. reflexivity. Qed.", "```coq\nProof. reflexivity. Qed.\n```", "Proof. Admitted.", "7"]
    assert proofs.accepted(prompt, rollouts) == [True, True, False, False]


def test_a_prompt_without_a_statement_is_an_error() -> None:
    with pytest.raises(UsageError, match="shows no statement"):
        proofs.accepted("3+4?", ["7"])


def test_a_missing_checker_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    for language, fix in (("coq", "apt-get install coq"), ("lean", "install Lean 4 with elan")):
        with pytest.raises(UsageError, match=f"proofs in {language} cannot be checked: .*{fix}"):
            proofs._accepted.__wrapped__(language, "", 1.0)


@coq
def test_every_kind_of_lemma_is_true() -> None:
    rng = random.Random(0)
    drawn = {lemmas.statement(rng) for _ in range(400)}
    assert len(drawn) > 200
    bodies = {text.partition(" : ")[2] for text in drawn}
    witnesses = " | ".join(f"exists {number}; lia" for number in range(1, 10))
    tactic = f"first [tauto | lia | intros; eexists; reflexivity | {witnesses}]"
    modules = "".join(f"Lemma goal{i} : {body}\nProof. {tactic}. Qed.\n" for i, body in enumerate(sorted(bodies)))
    outcome = sandbox.run(
        [str(shutil.which("coqc")), "-q", "all.v"],
        {"all.v": f"Require Import Lia.\n{modules}Print Assumptions goal0.\n"},
        limits=sandbox.Limits(seconds=60, memory_mb=4096),
    )
    assert outcome.code == 0, outcome.errors[-500:]


def test_lemmas_split_and_show_their_statement() -> None:
    train = [next(problems.distinct(lemmas.lemma_problem, "train", seed)) for seed in range(20)]
    for problem in train:
        assert problems.split_of(problem.key) == "train"
        assert proofs.statement(problem.prompt) == Statement("coq", problem.public)
        assert problem.gold == ""


def test_lean_programs() -> None:
    text = "theorem seven : 3 + 4 = 7 := by sorry"
    expected = "theorem seven : 3 + 4 = 7 := by\n  rfl\n\n#print axioms seven\n"
    assert proofs._lean_program(text, "by rfl".removeprefix("by ")) == expected
    assert proofs._lean_program("theorem seven : 3 + 4 = 7", "rfl") == expected
    for script in ("", "sorry", "exact sorryAx _", "native_decide", "rfl\n#eval 1", "rfl\ntheorem x : True := trivial"):
        assert proofs._lean_program(text, script) is None or "sorryAx" in script


@pytest.mark.parametrize(
    ("output", "sound"),
    [
        ("'seven' does not depend on any axioms\n", True),
        ("'seven' depends on axioms: [propext, Quot.sound]\n", True),
        ("'seven' depends on axioms: [propext,\n sorryAx]\n", False),
        ("'seven' depends on axioms: [Lean.ofReduceBool]\n", False),
        ("", False),
    ],
)
def test_lean_axioms(output: str, sound: bool) -> None:
    assert (proofs._lean_axioms(output) <= proofs.LEAN_AXIOMS) is sound


def test_lean_is_found_behind_its_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, script in (
        ("shim", f"#!/bin/sh\necho {tmp_path}/real\n"),
        ("real/bin", "#!/bin/sh\necho \"'seven' does not depend on any axioms\"\n"),
    ):
        path = tmp_path / folder / "lean"
        path.parent.mkdir(parents=True)
        path.write_text(script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    monkeypatch.setenv("PATH", f"{tmp_path}/shim:/usr/bin:/bin")
    proofs._lean.cache_clear()
    assert proofs.holds(Statement("lean", "theorem seven : 3 + 4 = 7"), "```lean\nrfl\n```")
    proofs._lean.cache_clear()


@lean
def test_lean_judges() -> None:
    assert proofs.holds(Statement("lean", "theorem seven : 3 + 4 = 7"), "rfl", 60)
    assert not proofs.holds(Statement("lean", "theorem wrong : 3 + 4 = 8"), "rfl", 60)
