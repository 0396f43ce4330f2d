"""What a formula has in common with all that equal it, so that most unequal pairs need no algebra."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

TOLERANCE = Decimal("1e-9")
"""Values of equal formulas are further apart by no more than this share of them: rounding alone."""


@dataclass(frozen=True)
class Mark:
    """The value of a formula with fixed values for its variables, or for a relation the ratio of two such values."""

    kind: Literal["value", "relation", "unknown", "none"]
    """`none` cannot be read and equals nothing; `unknown` tells nothing."""
    real: Decimal = Decimal(0)
    imaginary: Decimal = Decimal(0)
    size: Decimal = Decimal(0)
    """Sum of the absolute values of all parts."""

    def apart(self, other: "Mark") -> bool:
        """Return whether no two formulas with these marks are equal."""
        if "none" in (self.kind, other.kind):
            return True
        if self.kind != other.kind or self.kind == "unknown":
            return False
        allowed = TOLERANCE * max(self.size, other.size)
        return abs(self.real - other.real) > allowed or abs(self.imaginary - other.imaginary) > allowed
