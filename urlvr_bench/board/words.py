"""How values are written on the site: shares as percentages, a dash for what is not known, never a 0."""

import math
import re

from markupsafe import Markup, escape

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def number(value: float | None, digits: int = 3) -> str:
    """Return a number with so many significant digits."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:.{digits}g}"
    if "e" in text:
        text = f"{value:.0f}" if 1 <= abs(value) < 1e7 else f"{value:.{digits - 1}e}"
    return text.replace("-", MINUS)


def percent(share: float | None) -> str:
    """Return a share in percent with one decimal, without the sign of the unit."""
    return f"{100 * share:.1f}".replace("-", MINUS) if share is not None and math.isfinite(share) else DASH


def signed(share: float | None) -> str:
    """Return a difference of shares in percentage points, always with its sign."""
    return f"{100 * share:+.1f}".replace("-", MINUS) if share is not None and math.isfinite(share) else DASH


def count(value: float | None) -> str:
    """Return a whole number with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}") if value is not None else DASH


def thousands(value: float) -> str:
    """Return a large number in thousands."""
    return f"{count(value / 1000)}k"


def shares(text: str) -> str:
    """Return text with its shares, such as 0.994, in percent."""
    return re.sub(r"-?\d\.\d{3}\b", lambda share: percent(float(share[0])), text)


def hours(value: float | None) -> str:
    """Return hours; short runs keep two significant digits."""
    return DASH if value is None else f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def code(text: str) -> Markup:
    """Return text as HTML in which what stands between backticks is code."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if i % 2 else escape(part) for i, part in enumerate(parts)
    )
