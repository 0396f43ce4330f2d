"""Classes of equal answers: each answer of a problem is known by the representative of its class."""

from collections.abc import Iterable
from typing import Protocol


class Equality(Protocol):
    """What a task knows of any two of its answers."""

    def exact(self, answer: str) -> bool:
        """Whether no other exact answer equals this one, as of numbers in their one spelling."""

    def same(self, first: str, second: str) -> bool:
        """Whether two answers are one; symmetric."""


def representatives(answers: Iterable[str | None], equality: Equality) -> dict[str, str]:
    """Return the representative of each different answer; None is no answer and has none.

    An answer joins the first class whose representative it equals, or founds one, and answers come in an order of
    their own: exact ones, then short ones, then by the alphabet. So the classes depend on the set of answers alone,
    not on how often or in which order they are given, and not on the gold answer. Exact ones are never compared.

    Verdicts need not be transitive: a comparison may run out of time. Classes are a partition all the same, because a
    member is compared with representatives only. The other way, to join whatever a chain of equal pairs connects,
    would let one loosely written answer weld two numbers into one vote.
    """
    order = sorted({answer for answer in answers if answer is not None}, key=lambda text: (len(text), text))
    known = {answer: answer for answer in order if equality.exact(answer)}
    leaders = [*known]
    for answer in order:
        if answer not in known:
            known[answer] = next((leader for leader in leaders if equality.same(leader, answer)), answer)
            if known[answer] == answer:
                leaders.append(answer)
    return known
