"""Right answers in unusual notation are right, and wrong ones that look alike are wrong: pairs in both directions."""

import time

import pytest

from urlvr_bench.tasks import equality, latex, scoring

SAME = [
    (r"2\mathbf{a}", r"2\mathbf a"), (r"2\mathbf{i}-3\mathbf{j}", r"-3\mathbf{j}+2\mathbf{i}"), 
    ("x^2", r"\mathbf{x^2}"), ("3", r"3\text{ m}"), ("5", r"5\,\mathrm{J}"), ("5", "5 kg/m^3"), ("5", r"5\,\AA"),
    ("12", r"12\text{ times}"),
    ("8.31", r"8.31\,\text{J}/(\text{mol}\cdot\text{K})"), ("5", "\u20b95"), ("5", r"\pounds 5"), ("5", "5\u5143"),
    (r"\text{well-known}", r"\text{well known}"), ("1<x<3", "x>1, x<3"), ("x>1,y>3", "y>3,x>1"), ("m=1,n=2", "1,2"),
    ("(a,b)=(3,4)", "(b,a)=(4,3)"), ("(a,b)=(3,4)", "a=3,b=4"), ("(a,b)=(3,4)", "(3,4)"), ("x=1,x=2", "2,1"),
    ("f(x)=2x", "f(t)=2t"), ("f(n)=n+1", "f(x)=x+1"), ("f(x)=2x", r"f(x)=2x\text{ for all }x"), ("5", "f^{-1}(3)=5"),
    ("1:20 pm", "1:20 p.m."), ("4:05", r"4:05\text{ a.m.}"), ("12", r"12\text{ p.m.}"), ("3:4:5", "6:8:10"),
    ("3:4", r"3\text{ to }4"), (r"(3,\infty)", r"\{x|x>3\}"), (r"(3,\infty)", r"\left\{x\,\middle|\,x>3\right\}"),
    (r"\{1,2\}", r"\{1,1,2\}"), ("(2,5)", "]2,5["), ("[2,5)", "[2,5["), ("3", r"x\equiv3\pmod 7"),
    (r"k\pi", r"k\pi, k\in\mathbb{Z}"), (r"1+\sqrt2,1-\sqrt2,-1+\sqrt2,-1-\sqrt2", r"\pm 1\pm\sqrt2"),
    (r"2\sqrt3", "\u221a12"), (r"3\sqrt{10}", "3\u221a10"), (r"\frac{\sqrt{13}}{2}", "\u221a13/2"), ("1/3", "\u2153"),
    ("2/3", "2\u20443"), ("-5", "\u20105"), ("5", "5\u200b"), ("12", "\uff11\uff12"), ("x_1", "x\u2081"),
    ("1,2", "1\u548c2"), ("1,2", "1\u30012"), ("60", "60\u00ba"), ("5", r"5\hspace{2cm}"), ("5", r"5\tag{1}"),
    ("5", r"\hbox{5}"), ("e^x", r"\mathrm{e}^x"), (r"\sin x", r"\operatorname{sin}x"), (r"\ln 2", "ln 2"),
    (r"\sqrt2", "sqrt2"), (r"\frac14-\frac37 i", "1/4 - 3/7 i"), (r"\infty", r"\text{infinity}"), ("6", "Six"),
    ("21", r"\text{twenty-one}"), ("12", r"\text{twelve dollars}"), ("10^6", r"\text{one million}"),
    (r"3AF_{16}", r"3af_{16}"), (r"BEE_{16}", r"\text{BEE}_{16}"), ("a=3,b=4", r"a=3\quad b=4"),
    ("2", r"\text{The only solution is }2"), (r"\text{hyperbola}", r"\text{a hyperbola}"), ("B", r"\text{(B) Paris}"),
]  # fmt: skip
OTHER = [
    (r"2\mathbf{a}", r"2\mathbf{b}"), ("3", r"3\text{x}"), ("2", r"2\mathbf{v}"), ("x^2", r"\mathbf{x^3}"),
    (r"\text{A+}", r"\text{A-}"), (r"\text{C++}", "C"), (r"\text{x+y}", r"\text{x-y}"), ("1<x<3", "x>1, y<3"),
    ("x>1,y<3", "y>1,x<3"), (r"x<1\text{ or }x>2", r"x<1\text{ or }y>2"), ("m=1,n=2", "2,1"), ("x=3,y=4", "(4,3)"),
    ("(a,b)=(3,4)", "(b,a)=(3,4)"), ("a=3,b=4", "x=3,y=4"), ("f(x)=x+1", "f(w)=x+1"), ("f(x)=x^2", "g(x)=x^2"),
    ("1:20 p.m.", "2:40 p.m."), ("1:20 p.m.", "1:20 a.m."), ("12/25/2020", "3/12625"), ("5/4/2020", "1/1616"),
    ("2020-05-04", "2011"), ("5", "5 squared"), ("5", r"5\text{ cubed}"), ("2", r"\text{two thirds}"), ("2", "2 cm/x"),
    ("3:4:5", "3:4:6"), ("4", r"x\equiv3\pmod 7"), (r"k\pi", r"2k\pi, k\in\mathbb{Z}"), ("(2,5)", "[2,5["),
    ("50", "5\u5341"), ("5", "x_5"), ("20", r"\text{twenty-one}"), (r"\text{ellipse}", r"\text{a hyperbola}"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_answer_in_two_notations(one: str, other: str) -> None:
    assert equality.compare(one, other).same


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_two_answers_that_look_alike(one: str, other: str) -> None:
    assert not equality.compare(one, other).same


STATED = [
    ("It is 2\u03c0.", r"2\pi"), ("So x > 5.", r"(5, \infty)"), ("The point is (1, 2).", "(1, 2)"),
    ("The range is [1,3].", "[1, 3]"), ("The ratio is 3 : 4.", "3/4"), ("The answer is \u221a144.", "12"),
    ("#### <<3*4=12>>12", "12"), ("The answer is 6 x 10^23.", str(6 * 10**23)),
    ("The answer is twelve dollars.", "12"), ("The answer is one million.", "1000000"), ("It is 2x.", "2x"),
    ("It is 3+2i.", "3+2i"),
    ("It is 101_2.", "101_{2}"), ("It is -3.", "-3"), ("The answer is - 3.", "-3"), ("He has 7 + 5 = 12 apples.", "12"),
]  # fmt: skip
BOUNDED = ["The answer is 12 or more.", "The answer is up to 12.", "The answer is 12 to 13.", "There are n+12 ways."]


@pytest.mark.parametrize(("said", "answer"), STATED)
def test_a_stated_value_is_read_whole(said: str, answer: str) -> None:
    assert scoring.boxed_native.answer(said) == answer


@pytest.mark.parametrize("said", BOUNDED)
def test_a_bound_is_no_value(said: str) -> None:
    found = scoring.boxed_native.answer(said)
    assert found is None or not equality.compare(found, "12").same


SUMS = [
    r"\big(3+4\big)*2", "\uff083\uff0b4\uff09*2", "{3+4}*2", r"\(3+4\)*2".replace("*2", ""),
    r"\displaystyle (3+4)\quad*2", "`(3+4)*2`", "(3+4)\u22c52.", r"\text{(3+4)*2}",
]  # fmt: skip


@pytest.mark.parametrize("text", SUMS)
def test_a_puzzle_is_read_through_its_typesetting(text: str) -> None:
    assert scoring.countdown_boxed.canonical(text) in ("(3+4)*2", "3+4")


@pytest.mark.parametrize(("text", "read"), [(r"\frac63", "((6)/(3))"), (r"\tfrac{6}3", "((6)/(3))"), ("3.5+4", None)])
def test_fractions_of_a_puzzle(text: str, read: str | None) -> None:
    assert scoring.countdown_boxed.canonical(text) == read


@pytest.mark.parametrize(
    "said", ["C - Paris", "{C}", "\uff23", "The answer is C", "C (Paris)", "(C) Paris", "C!", "C."]
)
def test_a_choice_is_read_by_its_letter(said: str) -> None:
    assert scoring.phrase.canonical(said) == "C"


@pytest.mark.parametrize("said", ["a cat", "Carbon", "C or D", "the answer is carbon"])
def test_a_phrase_is_no_choice(said: str) -> None:
    assert len(scoring.phrase.canonical(said) or "") > 1


def test_empty_boxes_are_passed_over_in_linear_time() -> None:
    before = time.process_time()
    assert latex.last_box(r"\boxed{7}" + r"\boxed{}" * 50_000) == "7"
    assert time.process_time() - before < 2
