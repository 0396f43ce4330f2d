"""Equality of formulas: math-verify's parser and its rules for relations and sets, with values compared exactly.

math-verify compares values as floats of six decimals and drops what is below 1e-15; here decimals are fractions, and
a difference counts however small it is. Imported by the child process of `grading` alone, for it takes seconds.
"""

import functools
import hashlib
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

import sympy
from latex2sympy2_extended.latex2sympy2 import ConversionConfig, NormalizationConfig, _Latex2Sympy, normalize_latex
from math_verify import grader
from sympy import Basic, Eq, Expr, MatrixBase, Ne
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from urlvr_bench.verifiers.marks import Mark
from urlvr_bench.verifiers.values import DIGITS, EPSILON, MOST_DIGITS, WHOLE, evaluated, points, vanishes

NORMAL = NormalizationConfig(basic_latex=True, units=False, malformed_operators=True, nits=False, boxed="none")
CASED = ConversionConfig(lowercase_symbols=False)
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
    found = {vanishes(*at) for at in points(sympy.Tuple(difference, one))}
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
    factor = next(points(ratio))
    found = {vanishes(at - factor, factor) for at in points(ratio)}
    return True in found and False not in found and (isinstance(first, (Eq, Ne)) or bool(factor > 0))


grader.sympy_numeric_eq = same_value
grader.sympy_symbolic_eq = lambda *_: False
grader.sympy_compare_symbols = same_value
