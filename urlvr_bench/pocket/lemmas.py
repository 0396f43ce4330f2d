"""Small lemmas for a proof checker: statements that are true by construction, made without any proof."""

import random
import re

from urlvr_bench.pocket.problems import Problem

PROPOSITIONAL = (
    "{A} -> {B} -> {A}",
    "{A} /\\ {B} -> {B} /\\ {A}",
    "{A} \\/ {B} -> {B} \\/ {A}",
    "({A} -> {B}) -> ({B} -> {C}) -> {A} -> {C}",
    "({A} -> {B} -> {C}) -> {A} /\\ {B} -> {C}",
    "({A} /\\ {B} -> {C}) -> {A} -> {B} -> {C}",
    "({A} \\/ {B} -> {C}) -> ({A} -> {C}) /\\ ({B} -> {C})",
    "({A} -> {C}) -> ({B} -> {C}) -> {A} \\/ {B} -> {C}",
    "{A} /\\ ({B} \\/ {C}) -> ({A} /\\ {B}) \\/ ({A} /\\ {C})",
    "{A} -> ~ ~ {A}",
    "({A} -> {B}) -> ~ {B} -> ~ {A}",
    "~ ({A} \\/ {B}) -> ~ {A} /\\ ~ {B}",
    "~ ~ ({A} \\/ ~ {A})",
    "{A} /\\ ~ {A} -> {B}",
)
"""Laws of intuitionistic logic; any formulas may stand for the letters."""
ARITHMETIC = (
    "{m} + {n} = {sum}",
    "{m} * {n} = {product}",
    "{m} < {sum}",
    "forall n : nat, n + {m} = {m} + n",
    "forall n : nat, n + 0 = n",
    "forall n : nat, n <= n + {m}",
    "forall n m : nat, n + (m + {n}) = m + n + {n}",
    "forall n : nat, {m} * n + n = {next} * n",
    "forall n m : nat, n <= m -> n + {m} <= m + {m}",
    "forall n : nat, n < {m} -> n < {sum}",
    "exists n : nat, n + {m} = {sum}",
    "forall n : nat, exists m : nat, m = n + {m}",
)
"""Facts about natural numbers; {n} and {m} are numbers from 1 to 9."""
PROMPT = """Prove this statement in Coq. Answer with one code block that starts with `Proof.` and ends with `Qed.`

```coq
{statement}
```
"""


def statement(rng: random.Random) -> str:
    """Draw a lemma in Coq's language, the import that its proof may need included."""
    if rng.random() < 0.5:
        numbers = {"m": rng.randint(1, 9), "n": rng.randint(1, 9)}
        more = {"sum": sum(numbers.values()), "product": numbers["m"] * numbers["n"], "next": numbers["m"] + 1}
        return f"Require Import Lia.\nLemma goal : {rng.choice(ARITHMETIC).format(**numbers, **more)}."
    letters = {letter: _formula(rng) for letter in "ABC"}
    return f"Lemma goal : forall P Q R : Prop, {rng.choice(PROPOSITIONAL).format(**letters)}."


def _formula(rng: random.Random) -> str:
    """Draw an atom or, one time in three, two of them joined."""
    if rng.random() < 2 / 3:
        return rng.choice("PQR")
    left, joined, right = rng.choice("PQR"), rng.choice(("/\\", "\\/", "->")), rng.choice("PQR")
    return f"({left} {joined} {right})"


def lemma_problem(rng: random.Random) -> Problem:
    """Return a lemma as a problem: no gold answer, for there are as many proofs as one likes."""
    text = statement(rng)
    return Problem(PROMPT.format(statement=text), "", text, f"lemma:{unnamed(text)}")


def unnamed(text: str) -> str:
    """Return a lemma with its letters renamed in the order of their use, so that equal lemmas are equal texts."""
    head, colon, body = text.rpartition("Prop, ")
    order = dict.fromkeys(re.findall(r"\b[PQR]\b", body))
    names = dict(zip(order, "PQR", strict=False))
    return head + colon + re.sub(r"\b[PQR]\b", lambda match: names[match[0]], body)
