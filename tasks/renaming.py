"""The letters of an answer that stand for nothing outside it: the variable of a function, the count of a family."""

import re

from urlvr_bench.tasks.answer import Answer
from urlvr_bench.tasks.answers import read

FUNCTION = re.compile(r"([^()]*)\(([a-zA-Z])\)")
"""The name of a function of one variable."""
LETTER = re.compile(r"\\[a-zA-Z]+|[a-zA-Z]")


def renamed(first: Answer, second: Answer) -> Answer | None:
    """Return what the second equation says of the name of the first, in its variable; None where it says nothing.

    `f(t) = 2t` is `f(x) = 2x`, but not `f(w) = x`: of that x nothing is known.
    """
    one, other = (FUNCTION.fullmatch(equation.name) for equation in (first, second))
    names = [found[1] if found else equation.name for found, equation in ((one, first), (other, second))]
    value = second.parts[-1]
    if names[0] != names[1]:
        return value if "y" in names and (one is None) is not (other is None) else None
    if one is None or other is None or one[2] == other[2]:
        return value
    if one[2] in LETTER.findall(value.text):
        return None
    return read(LETTER.sub(lambda letter: one[2] if letter[0] == other[2] else letter[0], value.text))


def counted(first: str, second: str) -> str:
    r"""Return the second of two families of angles, such as `\frac{\pi}{4}+n\pi`, by the letter of the first."""
    letters = [{name for name in LETTER.findall(text) if name[0] != "\\"} for text in (first, second)]
    angles = all(r"\pi" in text and len(names) == 1 for text, names in zip((first, second), letters, strict=True))
    if not angles or not letters[0] | letters[1] <= {*"kmn"}:
        return second
    (letter,) = letters[0]
    return LETTER.sub(lambda name: name[0] if name[0].startswith("\\") else letter, second)
