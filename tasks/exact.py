r"""Exact values of numbers and of arithmetic over them, as LaTeX or plain text spells it.

`1,080`, `2 1/2`, `1\frac{4}{5}`, `2.75e11`, `1.6 \times 10^{-19}`, `0.1\overline{6}`, `\frac{100!}{2^{50}}`,
`\sqrt{\frac14}` are fractions here, never floats. What is irrational, or too large to write down, has no value here.
"""

import math
import re
from collections.abc import Callable, Sequence
from fractions import Fraction

from urlvr_bench.tasks.powers import MAX_BITS, InexactError, power, root, whole, within

MAX_DEPTH = 40
DECIMAL = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
THOUSANDS = r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?"
NUMBER = re.compile(rf"(?P<digits>{THOUSANDS}|{DECIMAL})(?:[eE](?P<exponent>[-+]?[0-9]{{1,6}}))?(?![0-9a-zA-Z])")
TOKEN = re.compile(rf"\s*(?:(?P<number>{NUMBER.pattern})|(?P<other>\\[a-zA-Z]+|[-+*/^!(){{}}\[\]]))")
REPEATING = re.compile(
    r"(?P<sign>[-+]?)(?P<whole>[0-9]*)\.(?P<fixed>[0-9]*)"
    r"(?:\\(?:overline|bar|dot)\{(?P<bar>[0-9]+)\}|\((?P<round>[0-9]+)\)|(?P<dots>\\ldots))"
)
ENDLESS = re.compile(r"([0-9]*?)([0-9]+?)\2{2,}|([0-9]*?)([0-9]{2,}?)\4")
"""Digits before dots whose end is repeated: a digit three times, or a longer group twice."""
TIMES, OVER = ("*", r"\times", r"\cdot", r"\ast"), ("/", r"\div")


def value(text: str) -> Fraction | None:
    r"""Return what a number or an arithmetic expression comes to, None where that is not exact or not all of `text`."""
    text = text.strip()
    if re.search(r"[(\[][^()\[\]]*,", text):
        return None
    if repeating := REPEATING.fullmatch(text):
        return _repeating(repeating)
    try:
        reader = _Reader(_tokens(text))
        found = reader.sum()
    except (InexactError, ZeroDivisionError):
        return None
    return found if reader.at == len(reader.tokens) else None


Token = str | Fraction


def _tokens(text: str) -> list[Token]:
    """Return numbers and signs of a text in order, none where there is anything else in it or it nests too deeply."""
    found: list[Token] = []
    at = 0
    while match := TOKEN.match(text, at):
        found.append(_number(match) if match["number"] else match["other"])
        at = match.end()
    nests = sum(token in ("(", "{", "[", "^") for token in found)
    return found if at == len(text) and nests <= MAX_DEPTH else []


def _number(match: re.Match[str]) -> Fraction:
    digits, exponent = match["digits"].replace(",", ""), int(match["exponent"] or 0)
    return Fraction(digits) * power(Fraction(10), Fraction(exponent))


def _repeating(match: re.Match[str]) -> Fraction | None:
    """Return the value of a decimal that repeats digits for ever."""
    fixed, group = match["fixed"], match["bar"] or match["round"]
    if match["dots"]:
        ends = ENDLESS.fullmatch(fixed)
        if ends is None:
            return None
        fixed, group = (ends[1], ends[2]) if ends[2] else (ends[3], ends[4])
    below = 10 ** len(fixed)
    whole = Fraction(int((match["whole"] or "0") + fixed), below)
    size = whole + Fraction(int(group), below * (10 ** len(group) - 1))
    return -size if match["sign"] == "-" else size


class _Reader:
    """Reads tokens by recursive descent and values them on the way."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def peek(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, *signs: str) -> str | None:
        """Return the next token and go on if it is one of these signs."""
        token = self.peek()
        if isinstance(token, str) and token in signs:
            self.at += 1
            return token
        return None

    def sum(self) -> Fraction:
        """Read `[sign] product ((+|-) product)*`."""
        total = -self.product() if self.take("-", "+") == "-" else self.product()
        while sign := self.take("+", "-"):
            total = within(total + self.product() * (1 if sign == "+" else -1))
        return total

    def product(self) -> Fraction:
        """Read `power ((*|/) power)*`; parentheses and roots also multiply what stands right before them."""
        total, divided = self.power(), False
        while True:
            if self.take(*TIMES):
                total *= self.signed_power()
            elif self.take(*OVER):
                total, divided = total / self.signed_power(), True
            elif not divided and self.peek() in ("(", r"\sqrt", r"\binom"):
                total *= self.power()
            else:
                return total
            within(total)

    def signed_power(self) -> Fraction:
        return -self.power() if self.take("-") else self.power()

    def power(self) -> Fraction:
        """Read `atom[!][^exponent]`."""
        base = self.atom()
        if self.take("!"):
            base = Fraction(math.factorial(whole(base, MAX_BITS // 16)))
        if not self.take("^"):
            return base
        negative = self.take("-") is not None
        exponent = self.atom()
        return power(base, -exponent if negative else exponent)

    def atom(self) -> Fraction:
        """Read a number, a mixed number, a fraction, a root, a binomial or a sum in parentheses or braces."""
        token = self.peek()
        self.at += 1
        if isinstance(token, Fraction):
            return self._mixed(token)
        if token in ("(", "{"):
            inside = self.sum()
            self._expect({"(": ")", "{": "}"}[token])
            return inside
        if token in COMMANDS:
            return COMMANDS[token](self)
        raise InexactError

    def _mixed(self, whole: Fraction) -> Fraction:
        r"""Return a whole number with the proper fraction `a/b` or `\frac{a}{b}` after it, if there is one."""
        rest = self.tokens[self.at : self.at + 3]
        if rest and isinstance(rest[0], Fraction):
            if len(rest) < 3 or rest[1] != "/" or not isinstance(rest[2], Fraction):
                raise InexactError
            part, length = rest[0] / rest[2], 3
        elif rest and rest[0] == r"\frac":
            start = self.at
            self.at += 1
            part = COMMANDS[r"\frac"](self)
            length, self.at = self.at - start, start
        else:
            return whole
        if whole.denominator > 1 or not 0 < part < 1:
            raise InexactError
        self.at += length
        return whole + part

    def group(self) -> Fraction:
        """Read a sum in braces."""
        self._expect("{")
        inside = self.sum()
        self._expect("}")
        return inside

    def degree(self) -> int:
        """Read the degree of a root, two where none is given."""
        if not self.take("["):
            return 2
        inside = self.sum()
        self._expect("]")
        return whole(inside, 100)

    def _expect(self, sign: str) -> None:
        if self.take(sign) is None:
            raise InexactError


def _fraction(reader: _Reader) -> Fraction:
    above = reader.group()
    return above / reader.group()


def _root(reader: _Reader) -> Fraction:
    degree = reader.degree()
    return root(reader.group(), degree)


def _binomial(reader: _Reader) -> Fraction:
    above, below = (whole(reader.group(), MAX_BITS // 16) for _ in range(2))
    return Fraction(math.comb(above, below))


COMMANDS: dict[str, Callable[[_Reader], Fraction]] = {r"\frac": _fraction, r"\sqrt": _root, r"\binom": _binomial}
