"""Equality of formulas: math-verify's parser and its rules for relations and sets, with values compared exactly.

math-verify compares values as floats of six decimals and drops what is below 1e-15; here decimals are fractions, and
a difference counts however small it is. Imported by the child process of `grading` alone, for it takes seconds.
"""

import functools
import hashlib
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal

import mpmath
import sympy
from latex2sympy2_extended.latex2sympy2 import ConversionConfig, NormalizationConfig, _Latex2Sympy, normalize_latex
from math_verify import grader
from sympy import Basic, Eq, Expr, MatrixBase, Ne
from sympy.core.evalf import PrecisionExhausted
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from urlvr_bench.verifiers.marks import Mark

NORMAL = NormalizationConfig(basic_latex=True, units=False, malformed_operators=True, nits=False, boxed="none")
CASED = ConversionConfig(lowercase_symbols=False)
DIGITS, MOST_DIGITS = 15, 300
"""Digits of a difference that are worked out, and how far its terms may cancel before it counts as nothing."""
MAX_BITS = 1_000_000
"""Of an integer that is multiplied out; of a larger power or factorial the first digits are compared."""
LARGE_DIGITS, EPSILON, LITTLE = 320, sympy.Rational(1, 10**300), sympy.Rational(1, 10**150)
POINTS = ((3, 7, 1), (-5, 11, 2), (13, 3, 3), (17, 19, 1))
WHOLE_POINTS = tuple((first, 1, (1, -2, 3, -1)[first % 4]) for first in range(2, 20))
"""Where formulas with variables are compared: numerator and denominator of the first variable, and the numerators'
distance. Those with floors and factorials are compared at whole numbers, both rising and falling from one to the next.
"""
SPELLED = (
    (re.compile(r"(?<![a-zA-Z\\])e(?=\s*_)"), r"\\text{e}"),
    (re.compile(r"_\s*(\{)?\s*\\text\s*\{\s*([a-zA-Z]{2,})\s*\}(?(1)\s*\})"), r"_{\2}"),
    (re.compile(r"_\s*\{?\s*\\(max|min)(?![a-zA-Z])\s*\}?"), r"_{\1}"),
    (re.compile("'+"), lambda primes: r"^{\prime}" * len(primes[0])),
    (re.compile(r"(?<=[_^])[EI]"), r"{\g<0>}"),
    (re.compile(r"(\\text\{[^{}]*\})|(?<!\\)[EI]"), lambda it: it[1] or rf"\text{{{it[0]}}}"),
    (re.compile(r"\\(gam)ma(?![a-zA-Z])|\\(Gam)ma(?![a-zA-Z]|\s*(?:\\left\s*)?[({])"), r"\\text{\1\2}"),
)
"""What the parser would take for a number, refuse, or drop: e with an index, \\max as an index, primes, E, I, gamma;
and a word as an index, which is the same set upright or not.
"""
WHOLE = (sympy.floor, sympy.ceiling, sympy.factorial, sympy.binomial, sympy.Mod)


class _Reader(_Latex2Sympy):
    """math-verify's parser; decimals are fractions."""

    def parse_number(self, text: str) -> sympy.Rational:
        return sympy.Rational(text.replace(",", ""))


@functools.lru_cache(maxsize=1 << 10)
def read(text: str) -> Basic | MatrixBase | None:
    """Return what a formula in LaTeX says, None where it cannot be parsed; i is the imaginary unit, I is not."""
    reader = _Reader(None, not grader.should_treat_as_complex(text), True, config=CASED)
    for pattern, spelled in SPELLED:
        text = pattern.sub(spelled, text)
    try:
        found = reader.parse(normalize_latex(text, NORMAL))
    except Exception:  # the parser raises whatever its tree walk stumbles over
        return None
    free = getattr(found, "free_symbols", ())
    named = {one: sympy.I if one.name == "i" else sympy.Symbol(one.name, real=True) for one in free}
    return found.xreplace(named) if any(one != other for one, other in named.items()) else found


def mark(text: str) -> Mark:
    """Return the mark of a formula in LaTeX: with `equal` formulas it agrees, with others hardly ever."""
    found = read(text)
    try:
        if isinstance(found, Relational):
            one, other = (_valued(found.lhs - found.rhs, at) for at in range(2))
            return _marked("relation", [one / other])  # what relations that differ by a factor share
        if isinstance(found, Expr | MatrixBase):
            parts = found if isinstance(found, MatrixBase) else [found]
            return _marked("value", [i * _valued(part, 0) for i, part in enumerate(parts, 1)])
    except MemoryError:
        raise
    except Exception:  # what sympy cannot value tells nothing
        return Mark("unknown")
    return Mark("none" if found is None else "unknown")


def _marked(kind: Literal["value", "relation"], numbers: Sequence[Expr]) -> Mark:
    pairs = [number.evalf(DIGITS, maxn=MOST_DIGITS, strict=True).as_real_imag() for number in numbers]
    if not all(part.is_Number and part.is_finite for pair in pairs for part in pair):
        raise ValueError("no finite number")
    real, imaginary = ([Decimal(str(part)) for part in parts] for parts in zip(*pairs, strict=True))
    nothing = Decimal(0)
    return Mark(kind, sum(real, nothing), sum(imaginary, nothing), sum(map(abs, real + imaginary), nothing))


def _valued(expression: Expr, at: int) -> Expr:
    """Return a formula with a fraction from 1 to 2 for each variable, by its name; ValueError where that misleads."""
    variables = expression.free_symbols
    if variables and expression.has(*WHOLE, AppliedUndef):
        raise ValueError("compared at whole numbers, or by the arguments of a function")
    draws = {variable: hashlib.sha256(f"{at} {variable}".encode()).digest() for variable in variables}
    values = {one: 1 + sympy.Rational(int.from_bytes(drawn[:3], "big"), 1 << 24) for one, drawn in draws.items()}
    return evaluated(expression.xreplace(values))


def equal(first: str, second: str) -> bool:
    """Return whether two formulas mean the same; symmetric."""
    one, other = read(first), read(second)
    if one is None or other is None:
        return False
    try:
        if isinstance(one, Relational) and isinstance(other, Relational):
            return same_relation(one, other)
        return same_value(one, other) or bool(verify(one, other) or verify(other, one))
    except MemoryError:
        raise
    except Exception:  # what sympy cannot compare is not equal
        return False


verify = functools.partial(grader.verify, timeout_seconds=None)


def same_value(first: Any, second: Any, *_: object) -> bool:
    """Return whether two expressions, or two matrices, have the same value for all values of their variables."""
    first, second = (one.doit() if isinstance(one, sympy.MatrixExpr) else one for one in (first, second))
    if isinstance(first, MatrixBase) and isinstance(second, MatrixBase):
        return first.shape == second.shape and all(map(same_value, first, second))
    if not (isinstance(first, Expr) and isinstance(second, Expr)):
        return False
    if first == second:
        return True
    one, other = evaluated(first), evaluated(second)
    if one.is_Float or other.is_Float:
        large: dict[Basic, sympy.Dummy] = {}
        beside = evaluated(first, large) - evaluated(second, large)
        if beside.is_Number:  # what is added to a number of more digits than are worked out
            return bool(beside == 0)
        return bool((one - other).is_finite and abs(one - other) <= abs(one) * EPSILON)
    difference = one - other
    if difference == 0:
        return True
    found = {vanishes(*at) for at in _points(sympy.Tuple(difference, one))}
    return True in found and False not in found


def same_relation(first: Relational, second: Relational) -> bool:
    """Return whether two equations or inequalities differ by a factor alone, which must not turn an inequality."""
    turned = second.reversed if first.rel_op != second.rel_op else second
    if first.rel_op != turned.rel_op:
        return False
    one, other = (evaluated(side.lhs) - evaluated(side.rhs) for side in (first, turned))
    if one == 0 or other == 0:
        return bool(one == other)
    ratio = one / other
    factor = next(_points(ratio))
    found = {vanishes(at - factor, factor) for at in _points(ratio)}
    return True in found and False not in found and (isinstance(first, (Eq, Ne)) or bool(factor > 0))


def evaluated(expression: Basic, large: dict[Basic, sympy.Dummy] | None = None) -> Any:
    """Work out what the parser left as it stands.

    A power or a factorial too large to write down has 320 digits, or the name that `large` gives to it.
    """
    parts = [evaluated(part, large) if isinstance(part, Basic) else part for part in expression.args]
    power = isinstance(expression, sympy.Pow) and _bits(parts[0]) * _size(parts[1]) > MAX_BITS
    if power or (isinstance(expression, sympy.factorial) and _size(parts[0]) > MAX_BITS / 20):
        if large is not None:
            return large.setdefault(sympy.Tuple(*parts), sympy.Dummy())
        with mpmath.workdps(LARGE_DIGITS):
            if power:
                return sympy.Float(mpmath.mpf(parts[0].p) / parts[0].q, LARGE_DIGITS) ** parts[1]
            return sympy.Float(mpmath.factorial(int(parts[0])), LARGE_DIGITS)
    rebuilt = expression.func(*parts) if parts else expression
    return rebuilt.doit() if isinstance(rebuilt, (sympy.Integral, sympy.Sum, sympy.Product, sympy.Limit)) else rebuilt


def _bits(number: Basic) -> int:
    return max(number.p.bit_length(), number.q.bit_length()) if isinstance(number, sympy.Rational) else 0


def _size(number: Basic) -> sympy.Rational | int:
    return abs(number) if isinstance(number, sympy.Rational) else 0


def _points(difference: Basic) -> Iterator[Any]:
    """Return a difference, or several numbers, at some values of the variables; itself where it has none."""
    unknown = sorted(difference.atoms(AppliedUndef, sympy.Derivative), key=str)
    difference = difference.xreplace({one: sympy.Symbol(f"value of {one}", real=True) for one in unknown})
    free = sorted(difference.free_symbols, key=str)
    rounded = [part.args[0] for part in difference.atoms(sympy.floor, sympy.ceiling)]
    points = WHOLE_POINTS if difference.has(*WHOLE) and not any(map(_is_whole, rounded)) else POINTS
    for above, below, step in points if free else points[:1]:
        yield difference.xreplace({one: sympy.Rational(above + step * i, below) for i, one in enumerate(free)})


def _is_whole(rounded: Expr) -> bool:
    """Return whether what is rounded is whole at whole numbers, and so meant of others."""
    free = rounded.free_symbols
    return bool(free and rounded.is_polynomial(*free) and sympy.Poly(rounded, *free).domain.is_ZZ)


def vanishes(number: Expr, beside: Expr) -> bool | None:
    """Return whether a difference is nothing, however far its terms cancel; None where it is undefined.

    `beside` is what was compared: it, or very little, must still be seen once it is added, or nothing can be.
    """
    number = evaluated(number)
    if number == 0 or number is sympy.nan:
        return None if number is sympy.nan else True
    found = _seen(number)
    if found is None:
        return any(_seen(evaluated(number + more)) for more in (beside, LITTLE))
    return None if found is sympy.nan else bool(found == 0)


def _seen(number: Expr) -> Any:
    """Return the first digits of a number, None where its terms cancel too far."""
    try:
        return number.evalf(DIGITS, maxn=MOST_DIGITS, strict=True)
    except PrecisionExhausted:
        return None


grader.sympy_numeric_eq = same_value
grader.sympy_symbolic_eq = lambda *_: False
grader.sympy_compare_symbols = same_value
