r"""Words around an answer, in LaTeX as `latex.plain` spells it: units at its end, a lead at its start, choices."""

import re

from urlvr_bench.tasks import spelled

NUMBERS = {word: number for word, number in spelled.ONES.items() if number <= 16}
"""The bases that have a name, and what a line of words may count to."""
SCALES = {"dozen": 12, "hundred": 100} | spelled.SCALES

CONTENT = r"(?:[^{}]|\{[^{}]*\})*"
TEXT = re.compile(rf"\\text\{{({CONTENT})\}}")
OHM = r"(?:(?<=[0-9] )|(?<=[0-9])|(?<=\\text\{[kM]\}))\\(?:Omega|AA)(?![a-zA-Z])"
UNIT = rf"(?:(?:\\mu\s*)?\\text\{{{CONTENT}\}}|{OHM})(?:\s*\^\s*(?:\{{\s*-?[0-9]+\s*\}}|-?[0-9]))?"
MARKED = re.compile(
    rf"(?>\s*(?:(?:/|\\cdot|\\times|\*)\s*)?{UNIT}|\s*/\s*\(\s*{UNIT}(?:\s*\\cdot\s*{UNIT})*\s*\)"
    rf"|\s*\\frac\{{\s*(?:1\s*|(?:{UNIT}\s*(?:\\cdot\s*)?)+)\}}\{{\s*(?:{UNIT}\s*(?:\\cdot\s*)?)+\}})+$"
)
"""Units at the end that are set as text, with powers, products and quotients.

Atomic, as the next one: a unit that can be read in two ways would be tried in all of them, for each further unit twice
as long.
"""
SHORT = (
    r"mm|cm|dm|km|nm|in|ft|yd|mi|mg|kg|lbs?|oz|ml|mL|cc|ms|sec|min|hrs?|mph|kph|kmh|Hz|kHz|MHz|Pa|kPa|kJ|kW|eV|keV|MeV"
    r"|mol|rad|deg|USD|EUR|dB|days?|foot|sq|cu|pct|[ap]\.?m"
)
BARE = re.compile(
    rf"(?:(?<=[0-9}})!.%])|(?<=\\pi ))\s*(?<![a-zA-Z\\])"
    rf"(?>(?:(?:{SHORT}|[a-z]{{4,}}|(?!sin|cos|tan|log|exp|mod|and|not)[a-z]{{3}}(?=\s[a-z]{{4,}}))\b\.?|m/s|(?:k?m|ft|mi)/(?:s|h|hr)\b)"
    rf"(?:\^?\{{?-?[0-9]\}}?)?(?:\s*/\s*|\s+per\s+|\s+of\s+|\s+)?)+(?:(?:(?<=/)[gmKL]|[sh])(?:\^?\{{?-?[0-9]\}}?)?)?$"
    r"|(?<=[0-9])\s*\\mu\s*[mgsLCFAVW]$|(?<=[0-9])\s*(?:\u5143|\u7c73|\u4e2a|\u5398\u7c73|\u5343\u7c73|\u5e73\u65b9\u7c73|\u5343\u514b|\u514b"
    r"|\u5c0f\u65f6|\u5206\u949f|\u79d2|\u5929|\u4eba|\u5ea6|\u5c81)$"
)
"""Units at the end that are not set as text: known short ones and words of four letters or more."""
NO_UNIT = re.compile(
    r"\b(?:or|and|not|no|none|if|when|where|for|least|most|more|less|than|fewer|over|under|base|mod|modulo|is|are|was"
    r"|undefined|false|true|sqrt|times(?=\s*[a-zA-Z0-9])|plus|minus|divided|infinity|alpha|beta|gamma|delta|theta|lambda|sigma|omega"
    r"|dozen|hundred|thousand|million|billion|trillion|approximately|about|half|choose|even|odd|to"
    r"|factorial|halves|thirds|fifths|sixths|eighths|tenths|hundredths|incorrect|wrong)\b",
    re.IGNORECASE,
)
"""Words that make more of a number than a measure."""
RAISES = re.compile(r"\s*(?:squared|cubed|score|quarters?)\b", re.IGNORECASE)
"""Words that make another number of a bare one, but are part of a unit further on, as in "5 cm squared"."""
CONDITION = re.compile(
    r"\b(?:prime|composite|positive|negative|integers?|real|rational|divisible|any|all|every|some)\b"
)
"""Words that say what a variable is."""
QUANTIFIED = r"\\text\{\s*,?\s*(?:for|where|with)?(?: ?(?:all|any|every|some))?(?: real(?: numbers?)?| integers?)?\s*\}"
IDLE = re.compile(
    rf"\s*(?:,\s*(?:{QUANTIFIED}\s*)?|(?:{QUANTIFIED}|\\forall)\s*|\(\s*)"
    r"(?:[j-n]\s*(?:\\in\s*\\mathbb\s*\{?Z\}?|\\text\{ ?is an integer ?\})|[xyt]\s*\\in\s*\\mathbb\s*\{?R\}?)\s*\)?$"
    r"|\s*\\text\{\s*,?\s*for (?:all|any|every)(?: real(?: numbers?)?)?\s*\}\s*[xyt]$"
    r"|\s*\\text\{\s*,?\s*for (?:all|any|every|some) integers?\s*\}\s*[j-n]$"
)
"""A condition at the end that says of a variable what its letter says: n is an integer, x is real."""
MODULO = re.compile(
    r"\s*\\pmod\s*(?:\{\s*[0-9a-z]+\s*\}|[0-9])$"
    r"|\s*(?:\\text\{\s*)?\(\s*(?:\\text\{\s*)?mod\s*\}?\s*[0-9a-z]+\s*\)\s*\}?$"
)
"""What an answer is counted up to, at its end; it is no part of a number."""
REASON = re.compile(
    r"(?<=.)\s*(?:\\text\{\s*)?\(\s*(?:\\text\{\s*)?(?:because|since)\b.*$"
    r"|(?<=.)\s*\\text\{\s*is the (?:only |final |correct )?(?:solution|answer)\s*\}$"
    r"|(?<=[0-9)}])\s*(?:\\text\{\s*)?\(?\s*(?:\\text\{\s*)?(?:approximately|approx\.?)\s*\}?\s*\)?\s*\}?$"
)
"""Why an answer is one, that it is, or that it is not exact, after it."""
CURRENCY = re.compile(
    r"^([-+]?)\s*(?:[£€¥₹]|(?:\\text\{\s*)?(?:USD?|EUR|GBP|INR|Rs\.?)(?![a-zA-Z])\s*\}?)\s*(?=[-+.0-9])"
)
MATHS = re.compile(r"(?:[ei]|\\?pi|sin|cos|tan|log|ln)\Z")
"""What is set upright and belongs to a formula."""

LEAD = re.compile(
    r"(?:\\text\{\s*)?(?:(?:the |our |my )?(?:final |correct |only |m(?:in|ax)imum )?"
    r"(?:answer|result|solution|value|total|sum)"
    r"(?:\s+(?:is|are)\b\s*:?|\s*[:=])|(?:approximately|approx\.?|about|roughly|exactly|only|thus|therefore|hence"
    r"|there (?:is|are))\b,?|\\sim(?:eq)?(?=\s*-?\s*[.0-9]))"
    r"\s*\}?\s*[:=]?\s*",
    re.IGNORECASE,
)
"""What may stand before an answer and says nothing about it."""
LABEL = re.compile(
    r"(?:\\text\{\s*(?:\([A-J]\)|[A-J][.):])\s*\}|\(\\text\{[A-J]\}\)|\([A-J]\)|[A-J]\)|[A-J]\.(?=\s))\s*"
    r"(?=[-+.0-9\\(])(?!\\text|\(?\s*[A-J]\b)"
)
"""The letter of a choice before what was chosen."""
TITLE = re.compile(r"\\text\{([A-Za-z ]*):\s*\}\s*(?=[^\s])")
DENIAL = re.compile(r"\b(?:not|no|non|never)\b", re.IGNORECASE)

CHOICE = re.compile(r"(?:(?:option|choice|answer)\s*:?\s*)?(?:\(([a-z])\)|([a-z])[.):]?)", re.IGNORECASE)
CHOSEN = re.compile(
    r"(?:\(([A-J])\)|([A-J])\))\s+(?!.*(?:\b(?:or|and|not|is|are|only)\b|\b[A-J]\)))[A-Za-z][a-z]{2,}.*"
)
"""The letter of a choice before the words that were chosen."""
LETTERS = "ABCDEFGHIJabcd"
"""What is a choice without a mark; other letters are variables, and e is Euler's number."""


def without_lead(text: str) -> str:
    """Drop a lead such as "Answer:" or "about", and a title such as "Area:", unless it denies what follows."""
    found = LEAD.match(text) or LABEL.match(text) or TITLE.match(text)
    if found is None or found.end() >= len(text) or DENIAL.search(found[0]):
        return text
    rest = text[found.end() :]
    return rf"\text{{{rest}" if found[0].count("{") > found[0].count("}") else rest


def without_condition(text: str) -> str:
    """Drop a modulus, a reason, and what is said of a variable and goes without saying, at the end of a text."""
    text = REASON.sub("", MODULO.sub("", text))
    found = IDLE.search(text)
    return text[: found.start()] if found and found.start() else text


def without_unit(text: str) -> str:
    r"""Drop what is measured: a unit or counted things at the end of a text, and percent, degree and currency signs.

    A percent sign is dropped, as the field drops it: `50\%` is 50, not 1/2.
    """
    text = re.sub(r"\^\\circ\s*[CFK]$", r"^\\circ", without_measure(text).rstrip())
    return re.sub(r"(?:\s|\^\\circ|%|[£€¥¢])+$", "", text)


def without_measure(text: str) -> str:
    """Drop a unit or counted things at the end of a text; a degree sign stays, for a sine is of degrees."""
    text = CURRENCY.sub(r"\1", text)
    text = re.sub(r"\^\s*(?:\{\s*)?\\text\{(?:st|nd|rd|th)\}(?:\s*\})?$|(?<=[0-9])(?:st|nd|rd|th)$", "", text)
    found = MARKED.search(text) or BARE.search(text)
    return text[: found.start()] if found and found.start() and _measures(found[0]) else text


def _measures(tail: str) -> bool:
    """Return whether the end of a text is a unit: words without a condition, a number or an alternative in them."""
    words = re.sub(r"\\(?:text|cdot|times|frac|mu|Omega|AA)(?![a-zA-Z])|\^\\circ(?=\s*[CFK])|[{}]", " ", tail)
    bare = re.sub(r"\^\s*-?\s*[0-9]+|(?<=[a-zA-Z])[0-9]\b", "", words)
    return not (
        re.search(r"[0-9=<>,\\]", bare) or NO_UNIT.search(bare) or RAISES.match(bare) or MATHS.match(bare.strip(" ./"))
    )


def scale(text: str) -> tuple[str, int]:
    """Return a text without a number word such as "million" and its unit at the end, and what it multiplies by."""
    found = re.search(
        rf"\s*(?:\\text\{{\s*)?({'|'.join(SCALES)})\b\s*(?:\}}\s*)?(?:\\text\{{)?[a-z ]*\}}?$", text, re.IGNORECASE
    )
    return (text[: found.start()], SCALES[found[1].lower()]) if found and found.start() else (text, 1)


def words(text: str) -> str | None:
    """Return the words that are all of a text; None where it is a formula."""
    marked = TEXT.sub(" ", text).strip(" .,;:()!") == "" and TEXT.search(text) is not None
    content = re.sub(r"\s+", " ", TEXT.sub(r" \1 ", text)).strip(" .,;:!\"'`*")
    if marked and re.fullmatch(r"\(?[^\W\d_][^\\{}^_=<>|]*", content):
        return content
    plain = re.fullmatch(r"(?:[a-z]|[A-Z](?=[a-z]))[a-z]{2,}(?:[ -][A-Za-z]+)*|(?i:yes|no|odd|all|may)", content)
    return content if plain and TEXT.search(text) is None else None


def choice(text: str) -> str | None:
    """Return the letter of a choice, alone, in parentheses or after "option"; None where there is none, or more."""
    content = re.sub(r"\s+", " ", TEXT.sub(r"\1", text)).strip(" \"'`*")
    found = CHOICE.fullmatch(content) or CHOSEN.fullmatch(content)
    bare = found is not None and len(content) == 1 and content not in LETTERS
    if found is None or (bare and (content == text or content.islower())):
        return None
    return (found[1] or found[2]).upper()
