"""The value of a formula: worked out exactly or to hundreds of digits, at some values of its variables."""

from collections.abc import Iterator
from typing import Any

import mpmath
import sympy
from sympy import Basic, Expr
from sympy.core.evalf import PrecisionExhausted
from sympy.core.function import AppliedUndef

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
WHOLE = (sympy.floor, sympy.ceiling, sympy.factorial, sympy.binomial, sympy.Mod)


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


def points(difference: Basic) -> Iterator[Any]:
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
