"""How answers are read: exact numbers, words, choices, lists, intervals, statements in prose; and when two are one."""

import string
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urlvr_bench.tasks import answers, boxes, equality, exact, latex, scoring

SPELLED = [
    ("18", "18"), ("018", "18"), ("-0", "0"), ("+7", "7"), ("\u22127", "-7"), ("1,080", "1080"),
    ("109,200,000.00", "109200000"), ("1{,}080", "1080"), (r"1\,080", "1080"), (r"1{\,}080", "1080"),
    (r"1,\!080", "1080"), (r"\$1,080.", "1080"), ("$18$", "18"), (r"18 \text{ dollars}", "18"), (r"\text{18}", "18"),
    (r"\text{Evelyn}", r"\text{evelyn}"), ("142.0", "142"), (".5", "1/2"), ("5.", "5"), ("2/4", "1/2"),
    (r"\dfrac24", "1/2"), (r"-\tfrac{1}{2}", "-1/2"), ("3 3/4", "15/4"), (r"3\frac34", "15/4"), (r"336^\circ", "336"),
    (r"50\%", "50"), ("x = 5", "5"), ("x = y", "x=y"), ("1,08", "1, 8"), ("1, 234", "1, 234"), ("(1, 2)", "(1, 2)"),
    ("(100,200)", "(100, 200)"), ("1/0", "1/0"), ("\u0664\u0662", "\u0664\u0662"), ("2.5e3", "2500"),
    (r"0.1\overline{6}", "1/6"), (r"0.1666\ldots", "1/6"), (r"7 \times 10^{-2}", "7/100"), (r"5!", "120"),
    (r"\frac12\sqrt{3}", r"\frac{1}{2}\sqrt{3}"), (r"9\,\text{m/s}^2", "9"), (r"4\;\mathrm{m\,s^{-1}}", "4"),
    (r"6 \text{ km}/\text{h}", "6"), ("6 miles per hour", "6"), ("2 thousand", "2000"), (r"\text{(b)}", "B"),
    (r"\text{Choice D}", "D"), (r"31_4", "31_{4}"), (r"x<7", r"(-\infty, 7)"),
    (r"1\pm\sqrt2", r"1+\sqrt{2}, 1-\sqrt{2}"), (r"45^\circ,135^\circ", "45, 135"), (r"3 \pmod{7}", "3"),
    ("", None), (" \n", None), ("$", None), ("3=4", None), ("{5", None), ("9" * 501, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "spelled"), SPELLED)
def test_every_answer_has_one_spelling_that_is_read_as_itself(text: str, spelled: str | None) -> None:
    assert scoring.boxed.canonical(text) == spelled
    assert spelled is None or scoring.boxed.canonical(spelled) == spelled


SAME = [
    ("2x+4y-3=0", r"y=-\frac12x+\frac34", True),
    ("3x-y+13=0", "3x+4y+14=0", False),
    ("3x-y+13=0", "0", False),
    ("x>3", "3<x", True),
    ("2x>6", "x>3", True),
    ("x>3", "x<3", False),
    ("2x+3>y", "y<2x+3", True),
    ("x+2y=5", "x+3y=5", False),
    ("m+n=5", "5", True),
    ("x+y+z=0", "0", False),
    ("52_8", "52", True),
    ("52_8", "52_9", False),
    ("N=n", "N=n+1", False),
    ("N=n", "n", True),
    ("n+1", "n", False),
    (r"8\sqrt{3} \text { square inches}", r"8\sqrt3", True),
    (r"164 \pi \mbox{ square feet}", r"164\pi", True),
    (r"2\text{ hours }30\text{ minutes}", "230", False),
    (r"2\text{ hours }30\text{ minutes}", "2", False),
    (r"\frac{270}7\text{ degrees}", "270/7", True),
    ("e^{x^2}", "e^{x^{2}}", True),
    ("2^{2^n}", "2^{2^{n}}", True),
    ("2^{2^n}", "2^{2^{n+1}}", False),
    (r"\frac{(2n)!}{n!}", "(2n)!/n!", True),
    (r"\frac{(2n)!}{n!}", r"\frac{(2n)!}{(n-1)!}", False),
    ("2^{1009}", r"2\cdot 2^{1008}", True),
    ("2^{1009}", "2^{1008}", False),
    (r"\binom{2n}{n}", r"\frac{(2n)!}{(n!)^2}", True),
    ("9^{9^{9}}", "7", False),
    ("9^{9^{9}}", "9^{387420489}", True),
    ("9^{9^{9}}", "9^{387420488}", False),
    ("10^{10^9}", "10^{10^9+1}", False),
    ("2^{10^9}", r"2\cdot2^{10^9-1}", True),
    ("10000000!", "7", False),
    ("2^{-10^{9}}", "0", False),
    ("e^{-1000}", "0", False),
    ("e^{-1000}x", "2e^{-1000}x", False),
    (r"\sqrt2+10^{-100}", r"\sqrt2", False),
    ("(5!)!", "7", False),
    (r"10^{-50}\pi", r"10^{-51}\pi", False),
    (r"\tan 15^\circ", r"2-\sqrt3", True),
    (r"\cos(6^\circ)\sin(12^\circ)\csc(18^\circ)", r"\cos 6^\circ \sin 12^\circ \csc 18^\circ", True),
    (r"\lfloor m/2\rfloor", r"\left\lfloor\frac m2\right\rfloor", True),
    (r"\lceil n/2\rceil", r"\lfloor (n+1)/2 \rfloor", True),
    (r"\lceil n/2\rceil", r"\lfloor n/2 \rfloor", False),
    (r"\lfloor x\rfloor", "x", False),
    (r"\lfloor x\rfloor", r"\lceil x\rceil", False),
    (r"\lfloor x\rfloor+1", r"\lfloor x+1\rfloor", True),
    ("x(x+1)", "x^2+x", True),
    ("(x-1)(x+1)", "x^2-1", True),
    (r"\sqrt{x^2}", "x", False),
    (r"\log_{10} 250", r"\log 250", True),
    (r"\ln 2+ i\pi/3", r"\frac{i\pi}{3}+\ln 2", True),
    ("6-5i", "-5i+6", True),
    ("6-5i", "6+5i", False),
    (r"(-\infty,1)\cup(1,\infty)", r"(1,\infty)\cup(-\infty,1)", True),
    (r"x<1 \text{ or } x>2", r"(-\infty,1)\cup(2,\infty)", True),
    ("x=1,y=2", "x=2,y=1", False),
    ("x=1,y=2", "y=2,x=1", True),
    ("(x,y)=(1,2)", "(1,2)", True),
    ("x=1,y=2", "(1,2)", True),
    (r"\begin{cases} x=1\\y=2\end{cases}", "(1,2)", True),
    ("(1,2)", "[1,2]", False),
    ("[1,2)", "(1,2]", False),
    (r"\{1,2\}", "2,1", True),
    (r"\{1,2\}", "(1,2)", False),
    ("1,2,2", "1,2", False),
    ("32, 349", "32,  349", True),
    ("32, 349", "32349", False),
    ("81, 256", "256, 81", True),
    ("1, 234", "1234", False),
    ("1,234", "1234", True),
    ("(100,101)", "(100, 101)", True),
    ("(100,101)", "100101", False),
    (r"\text{A, B}", r"A \text{ and } B", True),
    (r"\text{H, E}", "E, H", True),
    (r"\text{B}", "(B)", True),
    (r"\text{Option C}", "C", True),
    (r"\text{(A) or (B)}", "A", False),
    ("A. or B.", "A", False),
    (r"\text{two lines}", "two lines", True),
    (r"\mbox{four}", "4", True),
    (r"\text{not }7", "7", False),
    ("8=7", "7", False),
    ("8=7", "8", False),
    (r"\frac{10}{2}=5", "5", True),
    ("2+3=6", "6", False),
    ("x=2+3=5", "5", True),
    (r"\text{Area}=5", "5", True),
    (r"\text{Answer: }5", "5", True),
    (r"\angle B E A_{1}=90", r"90^\circ", True),
    (r"\approx 8.24 \text{ mph}", "8.24", True),
    (r"\$\dfrac23 \approx \$0.67", "2/3", True),
    (r"0.56 = 56\%", r"56\%", True),
    (r"3 \text{ million}", "3", False),
    (r"3 \text{ million}", "3000000", True),
    (r"5 \text{ or } 6", "5,6", True),
    (r"5 \text{ or more}", "5", False),
    (r"\text{at least }5", "5", False),
    (r"\pm\sqrt2", r"\sqrt2,-\sqrt2", True),
    (r"(\pm3,2)", "(3,2),(-3,2)", True),
    (r"\pm3", "3", False),
    ("1:2", "2:4", True),
    (r"05\!:\!00", "5:00", True),
    ("1:2:3", "1:2:4", False),
    (r"\frac{1}{\sqrt2}c", r"\frac{c\sqrt2}{2}", True),
    (r"2\pi R", r"2\pi r", False),
    ("m", "M", False),
    (r"\alpha", r"\alpha", True),
    ("E_{1},E_{2}", "E_1, E_2", True),
    ("E_{1},E_{2}", "E_1, E_3", False),
    (r"\lambda_{\text {red}} / \sqrt{2}", r"\frac{\lambda_{\text{red}}}{\sqrt2}", True),
    ("MR=SRMC", "SRMC=MR", True),
    ("t(0,4]", "t(0,4]", True),
    ("24_{10}", "24", True),
    (r"\text{A5}_{11}", "A5_{11}", True),
    ("4210_{5}", r"4210_{\text{five}}", True),
    (r"\begin{pmatrix} 0.2 \\ -3.6 \end{pmatrix}", r"\begin{bmatrix}1/5\\-18/5\end{bmatrix}", True),
    (r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", r"\begin{pmatrix} 1 & 3 \\ 2 & 4 \end{pmatrix}", False),
    ("-(ab + ac + bc)", "-ab-ac-bc", True),
    (r"\frac{1}{2a}(\exp{a*t} - \exp{-a*t})", r"\frac{e^{at}-e^{-at}}{2a}", True),
    ("np.arcsin(10/13)", "np.arcsin(10/13)", True),
    (r"\arcsin{1.3 \sin{\theta_w}}", r"\arcsin(1.3\sin(\theta_w))", True),
    (r"y^{\prime}+r y-r x(t)=0", r"y^{\prime}+ry=rx(t)", True),
    ("10^{100}", r"10^{99}\cdot 10", True),
    ("6.02e23", "6.02e22", False),
    ("6.02e23", r"6.02 \times 10^{23}", True),
    ("6.02e23", r"6.02 \cdot 10^{23}\ \text{mol}^{-1}", True),
    (r"5\%", "5 percent", True),
    (r"\frac{990}{7}^\circ", "990/7", True),
    (r"17^{\text{th}}", "17", True),
    (r"60\text{ km/h}", "60", True),
    (r"5\text{ apples}", "5", True),
    (r"100\text{ N}\cdot\text{m}", "100", True),
    (r"3\frac{\text{m}}{\text{s}}", "3", True),
    (r"25^\circ\text{C}", "25", True),
    (r"\{x \mid x>3\}", r"(3,\infty)", True),
    (r"x\in(-\infty,3)", "x<3", True),
    (r"\emptyset", r"\varnothing", True),
    ("2k", "2", False),
    ("2s", "2", False),
    ("3t", "3", False),
    ("2,880", "2{,}880", True),
    (r"\frac{1}{3}, \frac{1}{8}", "1/8,1/3", True),
    (r"f(x)=\frac1x", r"\frac{1}{x}", True),
    ("f(x)=x", "f(x)=2-x", False),
    ("f(x)=x,f(x)=2-x", "f(x)=2-x, f(x)=x", True),
    ("f(x)=x,f(x)=2-x", "x, 2-x", True),
    (r"k=\frac{-33}{2}", "-16.5", True),
    (r"240\text{ways.}", "240", True),
    (r"\text{October 30}", "October 30", True),
    (r"4\!:\!51\!:\!06 \text{ p.m.}", "4:51:06", True),
    (r"8\!:\!34 \text{ p.m.}", "8:34", True),
    (r"1,\!000,\!000", "10^6", True),
    (r"\sqrt[3]{8}", "2", True),
    ("(2) (x+2) (x-2)", "2(x^2-4)", True),
    (r"\frac{\sqrt6}2", r"\sqrt{\frac{3}{2}}", True),
    ("x^2+y^2=1", "y^2+x^2=1", True),
    ("1/2", "50/100", True),
    (r"\infty", r"+\infty", True),
    (r"\infty", r"-\infty", False),
    (r"\text{none}", "None", True),
    (r"\text{no solution}", "no solution", True),
    (r"\text{even}", r"\text{odd}", False),
    ("3^{n}-2^n", "-2^n+3^n", True),
    (r"i\sqrt3,-i\sqrt3", r"\pm i\sqrt3", True),
    (r"\log_2 3", r"\frac{\ln 3}{\ln 2}", True),
    (r"\log_2 3", r"\log_{2}{3}", True),
    (r"\log_2 8", "3", True),
    (r"\log_2 3", r"\log_3 2", False),
    (r"\log_e 2", r"\ln 2", True),
    (r"\binom52", "10", True),
    (r"{20 \choose 10}", r"\binom{20}{10}", True),
    (r"0.\overline 3", "1/3", True),
    (r"0.\dot12\dot3", r"\frac{41}{333}", True),
    ("2\u00bd", "5/2", True),
    (r"12\ \Omega", "12", True),
    (r"4\pi cm", r"4\pi", True),
    (r"\text{2:30 p.m.}", "2:30", True),
    (r"3\colon4", "3:4", True),
    ("2A_{16}", "2A", True),
    ("2A_{16}", "2B", False),
    (r"|x|<2", "-2<x<2", True),
    (r"|x|\ge 2", r"(-\infty,-2]\cup[2,\infty)", True),
    (r"|x|<2", "x<2", False),
    ("[1,2]", "1,2", False),
    ("a<b<c", "abc", False),
    (r"\text{ab}", "a/b", False),
    (r"\begin{pmatrix} 1 \cr 2 \end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", True),
    (r"\left( \begin{array}{c} 1 \\ 2 \end{array} \right)", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", True),
    ("**5**", "5", True),
    ("= 5", "5", True),
    (r"\not=4", "4", False),
    ("pi/2", r"\frac{\pi}{2}", True),
    ("arcsin(1/3)", r"\arcsin\frac13", True),
    ("ln(2)/2", r"\ln\sqrt2", True),
    ("x**2+2*x+1", "(x+1)^2", True),
    ("x{+}1", "1+x", True),
    (r"\text{minimum value is }4", "4", True),
    ("I_0", "I_1", False),
    ("I^2R", "IR", False),
    (r"I(0)e^{-t}", r"I(0)e^{-2t}", False),
    ("E(0)+1", "E(1)+1", False),
    (r"-\gamma+1", "-1", False),
    (r"-\gamma^2+\omega_0^2", r"\omega_0^2-\gamma^2", True),
    (r"\Gamma(5)", "24", True),
    ("(x+i)(x-i)", "x^2+1", True),
    (r"|x-1|<2", "-2<x<2", False),
    (r"x>-1 \text{ and } x<3", "-1<x<3", True),
    (r"x<-1 \text{ and } x>3", "-1<x<3", False),
    (r"x=2 \text{ or } x\ge 3", r"\{2\}\cup[3,\infty)", True),
    (r"\frac32 \text{ or } 1.5", "3/2", True),
    (r"y=e^{-t}\cos 2t", r"y(t)=e^{-t}\cos 2t", True),
    (r"\boldsymbol{\frac{3}{2}}", "1.5", True),
    (r"\mathbf{x+1}", "x+1", True),
    (r"\nicefrac{3}{2}", "1.5", True),
    (r"2\text{ \AA}", "2", True),
    (r"\therefore 5", "5", True),
    (r"\textcolor{red}{5}", "5", True),
    (r"\mathbf{x = 5}", "5", True),
    ("\uff15", "5", True),
]


@pytest.mark.parametrize(("first", "second", "same"), SAME)
def test_two_answers_are_one_or_not_both_ways_round(first: str, second: str, same: bool) -> None:
    one, other = scoring.boxed.canonical(first), scoring.boxed.canonical(second)
    for pair in ((one, other), (other, one)):
        assert (None not in pair and scoring.boxed.same(*pair)) is same


STATED = [
    ("4", "Answer: Let us think step by step. 2 + 2 = 4. So it is 4.", True),
    ("9", "Answer: We add the apples one by one until there are none. That makes 9.", True),
    ("7", "The answer to part one is 5. The answer is 7.", True),
    ("10", "The final answer is $\\$10$.", True),
    ("1/2", "Thus the result is $\\frac{1}{2}$.", True),
    ("1", "Thus the result is $\\frac{1}{2}$.", False),
    ("2", "Thus the result is $\\frac{1}{2}$.", False),
    ("\\text{Evelyn}", "The final answer is Evelyn. I hope it is correct.", True),
    ("\\frac12", "The answer is \\(\\frac{1}{2}\\).", True),
    ("120", "Final Answer: The volume of $ABCDEFGH$ is 120.", True),
    ("5", "The answer is 5 of 6 apples", True),
    ("5", "The answer is $x = 5$.", True),
    ("5", "So x=5 and the answer is x = 5.", True),
    ("9500", "The answer is 9,500.", True),
    ("9500", "The answer is 9 500.", True),
    ("-256", "The answer is $-256$.", True),
    ("3", "Answer: There are 3 red balls.", True),
    ("3", "**Final Answer**: 3", True),
    ("3", "**Final answer:** $3$", True),
    ("3", "### Answer\n\nThe answer is:\n\n$$3$$", True),
    ("\\sqrt{3}", "We get \\[ x = \\sqrt{3} \\]", True),
    ("12", "Therefore, there are $3 \\cdot 4 = 12$ ways.", True),
    ("(3,4)", "The answer is the point $(3,4)$.", True),
    ("(3,4)", "The answer is (3, 4).", True),
    ("x>3", "The answer is $x > 3$.", True),
    ("-3,3", "The answers are $-3$ and $3$.", True),
    ("3,5", "The answer is 3 or 5.", True),
    ("8", "The answer is 3 or 8.", False),
    ("2/3", "The answer is 2 / 3.", True),
    ("2/3", "The answer is 2/3 of a cup.", True),
    ("2.5", "The answer is 2 1/2 cups.", True),
    ("5000000", "The answer is 5 million dollars.", True),
    ("72", "#### 72\n\nQuestion: what is 2?\nAnswer: 3", True),
    ("72", "The answer is 72.\nQ: 1+1?\nA: The answer is 2.", True),
    ("20", "She earns $5 and then $15, so in total $20.", True),
    ("15", "She earns $5 and then $15, so in total $20.", False),
    ("6", "The answer is 3+3=6.", True),
    ("6", "Answer: 2 * 3 = 6 apples", True),
    ("6", "So he has 2 * 3 = 6 apples left.", True),
    ("100", "The answer is 100%.", True),
    ("3", "The answer is three.", True),
    ("8", "The answer is *8*.", True),
    ("8", "The answer is `8`.", True),
    ("8", "the answer is: 8!!", False),
    ("0.75", "The answer is .75 inches.", True),
    ("45", "The answer is 45°.", True),
    ("1.5", "It takes 1.5 hours.", True),
    ("11", "The sum is 11, not 12.", False),
    ("11", "The answer is 11, not 12.", True),
    ("2\\sqrt{3}", "So the length is $2\\sqrt{3}$ cm.", True),
    ("\\frac{3}{4}", "So the probability is \\frac{3}{4}.", True),
    ("\\frac{\\pi}{4}", "The answer is \\frac{\\pi}{4}.", True),
    ("x^2+1", "The answer is x^2+1.", True),
    ("x+1", "The answer is x + 1.", True),
    ("42", "<answer>42</answer>", True),
    ("42", "<answer> 42 apples </answer>", True),
    ("42", "My answer: 42", True),
    ("42", "ANSWER: 42", True),
    ("42", "The correct answer should be 42", True),
    ("42", "The answer is approximately 42.", True),
    ("42", "The answer is not 42.", False),
    ("18", "The answer is 18 because 9 * 2 = 18.", True),
    ("18", "The answer is 18. Because 9 * 2 = 18 and 20 - 2 = 18, this is right", True),
    ("1,2", "The answer is $\\{1, 2\\}$.", True),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "The answer is $\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}$.", True),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "The answer is \\[\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}\\]", True),
    ("5", "Answer: $\\boxed{5}$", True),
    ("3", "No numbers here at all, sorry", False),
    ("27", "27", True),
    ("27", "= 27", True),
    ("7", "Step 1: add. Step 2: The answer is 7", True),
    ("7", "The answer is 7.\n\nLet me know if you have 3 more questions!", True),
    ("30", "There are 25-30 apples; the answer is 30", True),
    ("1.2e-5", "The answer is 1.2e-5.", True),
    ("1.2e-5", "The answer is $1.2 \\times 10^{-5}$.", True),
    ("1.2e-5", "The answer is 1.2 x 10^-5.", True),
    ("60", "The speed is 60 km/h.", True),
    ("60", "The answer is 60 km/h.", True),
    ("15", "The answer is 15 cm^2.", True),
    ("\\text{Monday}", "The answer is Monday.", True),
    ("\\text{Monday}", "The answer is **Monday**.", True),
    ("10", "The answer is $5 \\times 2 = 10$ dollars.", True),
    ("4", "It is 2 + 2, which equals 4.", True),
    ("17", "Let $x$ be the answer. Then the answer is $x = 17$.", True),
    ("17", "**Answer: 17**", True),
    ("17", "The answer is **17**", True),
    ("17", "The answer is: \n\\[\n17\n\\]", True),
    ("17", "The answer is $17.", True),
    ("17.5", "The answer is $17.50.", True),
    ("2,3", "The answer is 2, 3.", True),
    ("2,3", "The solutions are x = 2 and x = 3.", False),
    ("3/4", "The answer is 3/4 (or 0.75).", True),
    ("3/4", "The answer is 0.75, i.e. 3/4.", True),
    ("\\sqrt{5}", "The answer is sqrt(5).", True),
    ("2x+3", "Answer: 2x+3, where x is real", True),
    ("284", "The area is $284$ cm$^2$.", True),
    ("284", "The area is 284 cm^2.", True),
    ("1/3", "The answer is 0.333...", True),
    ("4", "The answer is 4 or maybe 5.", False),
    ("4", "The answer isn't 4.", False),
    ("4", "The answer is at least 4.", False),
    ("4", "The answer cannot be determined from the 4 numbers.", False),
    ("1.5e-5", "The answer is 1.5 x 10\u207b\u2075.", True),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "The answer is \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}.", True),
    ("6-5i", "So z = 6-5i.", True),
    ("5", "So 2 + 3 = 5 apples are left.", True),
    ("5", "The answer is <b>5</b>.", True),
    ("5", "The answer is:\n- 5", True),
]


@pytest.mark.parametrize(("gold", "completion", "right"), STATED)
def test_where_no_format_was_asked_for_the_last_statement_counts(gold: str, completion: str, right: bool) -> None:
    scorer = scoring.boxed_native
    assert scorer.correct(scorer.posed(gold), completion) is right


PHRASES = [
    ("C", "The answer is (C). The removal of water is what remains.", True),
    ("B", "the answer should be the cleaner. So the answer is (B).", True),
    ("A", "The closest answer is $6,500. The answer is (A).", True),
    ("C", "The answer is C) Paris", True),
    ("C", "Answer: C. Paris", True),
    ("C", "The answer is C because D is wrong.", False),
    ("A", "The answer is A or B.", False),
    ("yes", "So the answer is yes.", True),
    ("no", "So the answer is No, because it is late.", False),
    ("C", "**Answer: C**", True),
    ("C", "The correct answer is **C. Paris**.", True),
    ("C", "The best option is C", False),
    ("pear fig", "The answer is pear, fig.", True),
    ("} )", "So the answer is } ).", True),
    ("C", "Final answer:\n\n**(C)**", True),
    ("C", "The answer is $C$.", True),
    ("C", "The answer is \\(C\\).", True),
    ("C", "The answer is \\text{C}.", True),
    ("25", "So the answer is 25.", True),
    ("12", "The answer is 1 2.", False),
    ("True", "So the answer is True.", True),
    ("C", r"\boxed{\text{Answer: C}}", True),
    ("A", r"\boxed{A. B.}", False),
    ("B", r"\boxed{[B]}", True),
    ("1/2", r"\boxed{.5}", True),
    ("5", r"\boxed{.5}", False),
    ("1/2", r"\boxed{\frac12}", True),
    ("1 1/2", r"\boxed{1, 1/2}", False),
]


@pytest.mark.parametrize(("gold", "completion", "right"), PHRASES)
def test_phrases_and_choices_are_read_from_their_last_statement(gold: str, completion: str, right: bool) -> None:
    scorer = scoring.phrase_native
    assert scorer.correct(scorer.posed(gold), completion) is right


@pytest.mark.parametrize(
    ("text", "box"),
    [
        (r"so \boxed{18}", "18"), (r"\boxed{2} wait, \boxed{3}.", "3"), (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1,2\}}", r"\{1,2\}"), (r"\boxed{}", None), (r"\boxed{6}, so \boxed{ }", "6"), (r"\boxed 6.", "6."),
        (r"\boxed {6}", "6"), (r"\fbox{6}", "6"), (r"\boxed\frac{1}{2}", r"\frac{1}{2}"),
        (r"\boxed\frac12", r"\frac12"), ("\\boxed\n{6}", "6"), (r"in a \boxed way", None),
        (r"\boxed{2} and \boxed{3", None), (r"\boxed{" + "1" * 501 + "}", None), ("18", None),
    ],
)  # fmt: skip
def test_the_last_filled_box_counts(text: str, box: str | None) -> None:
    assert boxes.last_box(text) == box


FRACTIONS = st.builds(Fraction, st.integers(-(10**9), 10**9), st.integers(1, 10**6))


@given(FRACTIONS, st.integers(1, 50))
def test_fractions_are_read_exactly_in_every_spelling(number: Fraction, factor: int) -> None:
    above, below = number.numerator * factor, number.denominator * factor
    sign, whole, rest = "-" if number < 0 else "", abs(number) // 1, abs(number) % 1
    spellings = [f"{above}/{below}", rf"\frac{{{above}}}{{{below}}}", rf"{above} \cdot \frac{{1}}{{{below}}}"]
    spellings += [rf"{sign}{whole}\tfrac{{{rest.numerator}}}{{{rest.denominator}}}"] if whole and rest else []
    for text in spellings:
        assert exact.value(latex.plain(text)) == number
        assert scoring.boxed.canonical(text) == str(number)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(-200, 200))
def test_decimals_and_powers_of_ten_are_exact(number, exponent: int) -> None:
    expected = Fraction(number) * Fraction(10) ** exponent
    plain = f"{number:f}"
    for text in (f"{plain}e{exponent}", rf"{plain} \times 10^{{{exponent}}}", rf"{plain}\cdot10^{{{exponent}}}"):
        found = answers.read(text)
        assert found is not None and found.value == expected


PIECES = [*string.printable, r"\frac", r"\text{", r"\pm", r"\sqrt", r"\left", r"\\", r"\cup", r"\infty", r"\le", r"\in",
          r"\{", r"\}", r"\ldots", r"\pi", r"\,", r"\boxed{", " and ", " or ", "answer is ", "million",
          r"\begin{pmatrix}",
          r"\end{pmatrix}", r"\mathrm{cm}", "1,000", "0.5", r"\overline{3}", "x=", "10^{9}", "!"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_at_once_as_what_its_spelling_is_read_as(text: str) -> None:
    found = answers.read(text)
    if found is not None:
        again = answers.read(found.text)
        assert again == found
        assert latex.balanced(found.text)


@given(TEXTS, TEXTS)
@settings(max_examples=60, deadline=None)
def test_equality_is_symmetric_and_holds_of_every_answer_with_itself(first: str, second: str) -> None:
    one, other = answers.read(first), answers.read(second)
    if one is not None and other is not None:
        assert equality.compare(one.text, one.text).same
        assert equality.compare(one.text, other.text) == equality.compare(other.text, one.text)
