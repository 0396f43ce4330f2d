"""What separates the parts of a list: commas, semicolons, "and" and "or"."""

import re

from urlvr_bench.tasks import exact, words
from urlvr_bench.tasks.statements import split

AND = re.compile(
    r"\\text\{\s*,?\s*(?:and|or)\s*,?\s*\}|(?<![a-zA-Z\\])(?:and|or)(?![a-zA-Z])|\\(?:lor|land|vee)(?![a-zA-Z])"
)
OR = re.compile(r"\\text\{\s*,?\s*or\s*,?\s*\}|(?<![a-zA-Z\\])or(?![a-zA-Z])|\\(?:lor|vee)(?![a-zA-Z])")
THOUSANDS = re.compile(rf"[-+]?\s*{exact.THOUSANDS}")


def pieces(text: str, inside: bool = False) -> list[str]:
    """Return what stands between the separators outside of brackets; `inside` a tuple every comma is one."""
    text = AND.sub(", ", text)
    found: list[str] = []
    for piece in split(text, r"[,;]" if inside else r"[,;](?=\s|$)|;"):
        whole = inside or THOUSANDS.fullmatch(words.without_unit(piece.strip()))
        found += [piece] if whole else split(piece, ",")
    return [piece.strip() for piece in found if piece.strip(" .")]
