"""Equal answers are one class: whatever their order, however the verdicts contradict each other, and at little cost."""

import itertools
import random
import time
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlvr_bench import tasks
from urlvr_bench.verifiers import grading
from urlvr_bench.verifiers.classes import representatives

MATHS = tasks.load("math500")
ONE = (
    ("x+2", "2+x"),
    ("2^3", "8"),
    (r"\frac{\sqrt3}{2}", r"\sqrt3/2"),
    (r"2\sqrt3", r"\sqrt{12}"),
    ("(x+1)^2", "x^2+2x+1"),
    (r"\pi/4", r"\frac{\pi}{4}"),
    (r"\{1,2\}", r"\{2,1\}"),
    ("6-5i", "-5i+6"),
    (r"11\sqrt2", r"11\sqrt{2}"),
    ("2x-y", "-y+2x"),
    (r"3\cdot2", "6"),
    ("10^{3}", "1000"),
    ("y=2x+3", "2y=4x+6"),
    ("x<3", "3>x"),
    (r"\frac{(2n)!}{n!}", "(2n)!/n!"),
    (r"\begin{pmatrix}1\\ \sqrt4\end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
)
TWO = (
    ("x+2", "x+3"),
    ("(1,2)", "(2,1)"),
    (r"\sqrt2", "1.414214"),
    (r"\sqrt2\cdot10^{-19}", r"\sqrt2\cdot10^{-31}"),
    (r"\frac{\sqrt{3}}{2}", r"\frac{\sqrt{3}}{3}"),
    (r"2^{1009}", r"2^{1009}+1"),
    ("y=2x+3", "y=2x+4"),
    ("x<3", "x>3"),
    ("x<3", "x=3"),
    (r"\text{north}", r"\text{south}"),
    ("{{{", "}}}"),
)


@dataclass(frozen=True)
class Drawn:
    """An equality that need not be transitive; numbers are exact."""

    equal: frozenset[frozenset[str]]

    def exact(self, answer: str) -> bool:
        return answer.isdigit()

    def same(self, first: str, second: str) -> bool:
        assert not (self.exact(first) and self.exact(second)), "two exact answers are never compared"
        return frozenset((first, second)) in self.equal


ANSWERS = st.sampled_from([*"1234", *"abcde", "aa", "bb"])
EQUALITIES = st.frozensets(st.frozensets(ANSWERS, min_size=2, max_size=2)).map(Drawn)


@given(st.lists(st.none() | ANSWERS), EQUALITIES, st.randoms(use_true_random=False))
def test_classes_are_a_partition_of_the_set_of_answers(
    answers: list[str | None], equality: Drawn, rng: random.Random
) -> None:
    found = representatives(answers, equality)
    assert set(found) == {*answers} - {None}
    for answer, leader in found.items():
        assert found[leader] == leader  # so that sharing a representative is symmetric and transitive
        assert answer == leader or equality.same(answer, leader)
    shuffled = rng.sample(answers, len(answers)) + answers[: len(answers) // 2]
    assert representatives(shuffled, equality) == found
    leaders = {*found.values()}
    assert representatives(leaders, equality) == {leader: leader for leader in leaders}


@given(st.lists(st.none() | ANSWERS), st.lists(st.integers(0, 2), min_size=11, max_size=11))
def test_where_equality_is_transitive_classes_are_its_own(answers: list[str | None], kinds: list[int]) -> None:
    letters = ["a", "b", "c", "d", "e", "aa", "bb", "1", "2", "3", "4"]
    kind = dict(zip(letters, [*kinds[:7], 0, 1, 2, 3], strict=True))
    pairs = (frozenset(pair) for pair in itertools.combinations(letters, 2) if kind[pair[0]] == kind[pair[1]])
    found = representatives(answers, Drawn(frozenset(pairs)))
    for first, second in itertools.product(found, repeat=2):
        assert (found[first] == found[second]) == (kind[first] == kind[second])


def test_a_loose_answer_joins_one_of_two_numbers_and_does_not_weld_them() -> None:
    loose = Drawn(frozenset({frozenset({"7", "x"}), frozenset({"8", "x"})}))
    assert representatives(["x", "8", "7"], loose) == {"7": "7", "8": "8", "x": "7"}


def read(text: str) -> str:
    answer = MATHS.answer(rf"\boxed{{{text}}}")
    assert answer is not None
    return answer


@pytest.mark.parametrize(("first", "second"), ONE)
def test_two_spellings_are_one_class(first: str, second: str) -> None:
    one, other = read(first), read(second)
    found = MATHS.classes([one, other])
    assert found[one] == found[other]
    assert MATHS.classes([other, one]) == found
    assert MATHS.right({"gold": one}, found[other])


@pytest.mark.parametrize(("first", "second"), TWO)
def test_two_answers_are_two_classes(first: str, second: str) -> None:
    answers = [answer for text in (first, second) if (answer := MATHS.answer(rf"\boxed{{{text}}}"))]
    assert len({*MATHS.classes(answers).values()}) == len({*answers})


def test_a_number_stands_for_its_class() -> None:
    assert MATHS.classes([read(text) for text in ("2^3", "8", "x+2", "2+x", "7")])[read("2^3")] == "8"


@pytest.mark.parametrize("task", ["math500", "gsm8k", "mmlu_pro", "countdown", "chain_addition", "humaneval"])
def test_numbers_choices_and_words_cost_no_question(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading._judges, "ask", lambda *_: pytest.fail("asked"))
    answers = ["7", "8", "1/2", "-3", None, "7", "A"]
    assert tasks.load(task).classes(answers) == {answer: answer for answer in answers if answer is not None}


def formulas(number: int, seed: int) -> list[str]:
    """Return different formulas of several kinds, every fourth spelled in two ways."""
    rng, found = random.Random(seed), dict[str, None]()
    kinds = (r"{a}x^2+{b}x", r"\frac{{{a}\sqrt{{7}}}}{{{b}}}", r"{a}\pi+{b}", "y={a}x+{b}", "x^2+{a}y^2={b}")
    while len(found) < number:
        a, b = rng.sample(range(2, 400), 2)
        text = kinds[len(found) % 5].format(a=a, b=b)
        found[read(text)] = None
        if len(found) % 4 == 0:
            found[read(rf"{a}\pi+{b}")] = found[read(rf"{b}+{a}\pi")] = None
    return list(found)[:number]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What the child processes are asked from now on: about one formula, or two."""
    questions, ask = list[tuple[str, ...]](), grading._judges.ask
    monkeypatch.setattr(grading._judges, "ask", lambda *texts: questions.append(texts) or ask(*texts))
    return questions


def test_many_formulas_are_asked_about_one_by_one_and_clustered_at_once_when_seen(asked: list[tuple[str, ...]]) -> None:
    answers = formulas(64, seed=time.time_ns())  # not seen before
    found = MATHS.classes(answers)
    assert len(found) == 64 > len({*found.values()})
    assert len(asked) < 200  # one for each and for each side of an equation, and a pair for each second spelling
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        assert MATHS.classes(answers) == found
        seconds.append(time.perf_counter() - begun)
    assert min(seconds) < 0.05


def test_what_takes_too_long_is_asked_about_once(asked: list[tuple[str, ...]]) -> None:
    endless = [rf"\prod_{{k=1}}^{{{n}}}\sin(k)x^k" for n in (10**8, 10**8 + 1)]
    assert len({*MATHS.classes([*endless, "x", "y"]).values()}) == 4
    assert sorted(texts for texts in asked if set(texts) & set(endless)) == [(text,) for text in endless]
