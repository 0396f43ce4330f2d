"""Powers and roots of fractions, as long as they are exact and no larger than can be worked out at once."""

from fractions import Fraction

MAX_BITS = 1 << 15
"""Of a value on the way; beyond it a power, a factorial or a product is not worked out."""


class InexactError(ValueError):
    """There is no exact value, or it is too large."""


def power(base: Fraction, exponent: Fraction) -> Fraction:
    """Return an exact power; `InexactError` where it is irrational, complex or too large."""
    if exponent.denominator > 1 and base < 0:
        raise InexactError
    base = root(base, exponent.denominator) if exponent.denominator > 1 else base
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base not in (0, 1, -1) and abs(exponent.numerator) * bits > MAX_BITS:
        raise InexactError
    return Fraction(base**exponent.numerator)


def root(number: Fraction, degree: int) -> Fraction:
    """Return the exact real root of a number; `InexactError` where there is none."""
    if degree < 1 or degree > MAX_BITS or (number < 0 and degree % 2 == 0):
        raise InexactError
    parts = [_whole_root(part, degree) for part in (abs(number.numerator), number.denominator)]
    return Fraction(*parts) * (-1 if number < 0 else 1)


def _whole_root(number: int, degree: int) -> int:
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**degree < number else (low, middle)
    if low**degree != number:
        raise InexactError
    return low


def whole(number: Fraction, most: int) -> int:
    """Return a number that is whole and lies between 0 and `most`; `InexactError` for any other."""
    if number.denominator > 1 or not 0 <= number <= most:
        raise InexactError
    return int(number)


def within(number: Fraction) -> Fraction:
    """Return a number; `InexactError` where it is too large to go on with."""
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > 2 * MAX_BITS:
        raise InexactError
    return number
