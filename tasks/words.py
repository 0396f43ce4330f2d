r"""Words around an answer, in LaTeX as `latex.plain` spells it: units at its end, a lead at its start, choices."""

import re

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
SPELLED = [*ONES.split(" "), "seventeen", "eighteen", "nineteen"]
DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = dict(zip(DECADES.split(" "), range(20, 100, 10), strict=True))
NUMBERS = {word: number for number, word in enumerate(SPELLED)} | TENS
NUMBERS |= {f"{tens}-{SPELLED[ones]}": TENS[tens] + ones for tens in TENS for ones in range(1, 10)}
SCALES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

CONTENT = r"(?:[^{}]|\{[^{}]*\})*"
TEXT = re.compile(rf"\\text\{{({CONTENT})\}}")
OHM = r"(?:(?<=[0-9] )|(?<=[0-9]))\\Omega(?![a-zA-Z])"
UNIT = rf"(?:(?:\\mu\s*)?\\text\{{{CONTENT}\}}|{OHM})(?:\s*\^\s*(?:\{{\s*-?[0-9]+\s*\}}|-?[0-9]))?"
MARKED = re.compile(
    rf"(?>\s*(?:(?:/|\\cdot|\\times|\*)\s*)?{UNIT}|\s*\\frac\{{\s*(?:1|{UNIT})\s*\}}\{{\s*(?:{UNIT}\s*)+\}}"
    rf"|\s*/\s*\((?:\s*(?:\\cdot\s*)?{UNIT})+\s*\))+$"
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
    rf"(?>(?:(?:k?g|mg)/(?:c?m|m?L)\b|(?:{SHORT}|[a-z]{{4,}})\b\.?|m/s|(?:k?m|ft|mi)/(?:s|h|hr)\b)"
    rf"(?:\^?\{{?-?[0-9]\}}?)?(?:\s*/\s*|\s+per\s+|\s+of\s+|\s+)?)+(?:[sh](?:\^?\{{?-?[0-9]\}}?)?)?$"
)
"""Units at the end that are not set as text: known short ones and words of four letters or more."""
NO_UNIT = re.compile(
    r"\b(?:or|and|not|no|none|if|when|where|for|least|most|more|less|than|fewer|over|under|base|mod|modulo|is|are|was"
    r"|undefined|false|true|sqrt|times|plus|minus|divided|infinity|alpha|beta|gamma|delta|theta|lambda|sigma|omega"
    r"|dozen|hundred|thousand|million|billion|trillion|approximately|about|half|choose|even|odd|to"
    r"|factorial|halves|thirds|fifths|sixths|eighths|tenths|hundredths|incorrect|wrong)\b",
    re.IGNORECASE,
)
"""Words that make more of a number than a measure."""
CONDITION = re.compile(
    r"\b(?:prime|composite|positive|negative|integers?|real|rational|divisible|any|all|every|some)\b"
)
"""Words that say what a variable is."""
CURRENCY = re.compile(
    r"^([-+]?)\s*(?:[£€¥₹]|(?:\\text\{\s*)?(?:USD|EUR|GBP|INR|Rs\.?)(?![a-zA-Z])\s*\}?)\s*(?=[-+.0-9])"
)
MATHS = re.compile(r"(?:[eikInpqrvwxyz]|\\?pi|sin|cos|tan|log|ln)\Z|(?:squared|cubed)\b")
"""What is set upright and belongs to a formula: names of variables, which are no unit's, and of functions."""
HAN = re.compile("(?<=[0-9}])\\s*(?![\u5341\u767e\u5343\u4e07\u4ebf\u5146\u534a])[\u4e00-\u9fff]{1,4}$")
"""A unit in Chinese, which is not ten, a hundred, ... or a half."""

LEAD = re.compile(
    r"(?:\\text\{\s*)?(?:(?:the |our |my )?(?:final |correct |only |unique |possible |required |m(?:in|ax)imum )?"
    r"(?:answer|result|solution|value|total|sum)"
    r"(?:\s+(?:is|are)\b\s*:?|\s*[:=])|(?:approximately|approx\.?|about|roughly|exactly|thus|therefore|hence)\b,?)"
    r"\s*\}?\s*[:=]?\s*",
    re.IGNORECASE,
)
"""What may stand before an answer and says nothing about it."""
LABEL = re.compile(
    r"(?:\\text\{\s*(?:\([A-J]\)|[A-J][.):])\s*\}|\(\\text\{[A-J]\}\)|\([A-J]\)|[A-J]\))\s*"
    r"(?=[-+.0-9\\(])(?!\\text|\(?\s*[A-J]\b)"
)
"""The letter of a choice before what was chosen."""
OF_NUMBERS = r"\s*\\in\s*\\mathbb\s*\{?\s*[ZR]\s*\}?"
SCOPE = re.compile(
    rf"\s*(?:[,;]\s*\(?|\(|\\text\{{\s*,?\s*(?:where|for|with)\s*\}})\s*[a-zA-Z]{OF_NUMBERS}\s*\)?$"
    r"|\s*,?\s*(?:\\text\{\s*for (?:all|any|every|some)(?: real| integers?| numbers?){0,2}\s*\}|\\forall"
    rf"|\bfor (?:all|any|every|some)(?: real| integers?| numbers?){{0,2}})\s*[a-zA-Z](?:{OF_NUMBERS})?$"
    r"|\s*,?\s*\\text\{\s*(?:where|for|with)\s*\}\s*[a-zA-Z]\s*\\text\{\s*is an? (?:integer|real number)\s*\}$"
)
"""Which numbers a name in an answer may be, at its end: all, whole ones or real ones."""
TITLE = re.compile(r"\\text\{([A-Za-z ]*):\s*\}\s*(?=[^\s])")
DENIAL = re.compile(r"\b(?:not|no|non|never)\b", re.IGNORECASE)

CHOICE = re.compile(r"(?:(?:option|choice|answer)\s*:?\s*)?(?:\(([a-z])\)|([a-z])[.):]?)", re.IGNORECASE)
LETTERS = "ABCDEFGHIJabcd"
"""What is a choice without a mark; other letters are variables, and e is Euler's number."""


def without_lead(text: str) -> str:
    """Drop a lead such as "Answer:" or "about", and a title such as "Area:", unless it denies what follows."""
    found = LEAD.match(text) or LABEL.match(text) or TITLE.match(text)
    return text[found.end() :] if found and found.end() < len(text) and not DENIAL.search(found[0]) else text


def without_scope(text: str) -> str:
    r"""Drop at the end of a text which whole or real numbers a name in it may be: `k\pi, k\in\mathbb{Z}`."""
    found = SCOPE.search(text)
    return text[: found.start()] if found and found.start() else text


def without_unit(text: str) -> str:
    r"""Drop what is measured: a unit or counted things at the end of a text, and percent, degree and currency signs.

    A percent sign is dropped, as the field drops it: `50\%` is 50, not 1/2.
    """
    text = re.sub(r"\^\\circ\s*[CFK]$", r"^\\circ", without_measure(text).rstrip())
    return re.sub(r"(?:\s|\^\\circ|%|[£€¥₹¢])+$", "", text)


def without_measure(text: str) -> str:
    """Drop a unit or counted things at the end of a text; a degree sign stays, for a sine is of degrees."""
    text = CURRENCY.sub(r"\1", text)
    text = re.sub(r"\^\s*(?:\{\s*)?\\text\{(?:st|nd|rd|th)\}(?:\s*\})?$", "", text)
    found = MARKED.search(text) or BARE.search(text) or HAN.search(text)
    return text[: found.start()] if found and found.start() and _measures(found[0]) else text


def _measures(tail: str) -> bool:
    """Return whether the end of a text is a unit: words without a condition, a number or an alternative in them."""
    words = re.sub(r"\\(?:text|cdot|times|frac|mu|Omega|AA)(?![a-zA-Z])|\^\\circ(?=\s*[CFK])|[{}]", " ", tail)
    bare = re.sub(r"\^\s*-?\s*[0-9]+|(?<=[a-zA-Z])[0-9]\b", "", words)
    if bare.strip() == "times":
        return True
    return not (re.search(r"[0-9=<>,\\]", bare) or NO_UNIT.search(bare) or MATHS.match(bare.strip(" ./")))


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
        return re.sub(r"^(?:an?|the) (?=[a-z]{3})", "", content, flags=re.IGNORECASE)
    spelled = re.fullmatch(r"[A-Z]?[a-z]{3,}(?:[ -][A-Za-z]+)*|(?i:yes|no|odd|all|may|one|two|six|ten)", content)
    return content if spelled and TEXT.search(text) is None else None


def counted(said: str) -> int | None:
    """Return the number in words that are one and what it counts: `twelve dollars`, `one million`; None for others."""
    first, _, rest = said.lower().partition(" ")
    size, _, things = rest.partition(" ")
    if size not in SCALES:
        size, things = "", rest
    plain = not things or (re.fullmatch("[a-z]+(?: [a-z]+)?", things) and _measures(things))
    return NUMBERS[first] * SCALES.get(size, 1) if first in NUMBERS and plain else None


def choice(text: str) -> str | None:
    """Return the letter of a choice, alone, in parentheses or after "option"; None where there is none, or more."""
    content = re.sub(r"\s+", " ", TEXT.sub(r"\1", text)).strip(" \"'`*")
    if TEXT.fullmatch(text) and (told := re.match(r"\(([A-J])\) [A-Za-z]{2}", content)):
        return told[1]
    found = CHOICE.fullmatch(content)
    bare = found is not None and len(content) == 1 and content not in LETTERS
    if found is None or (bare and (content == text or content.islower())):
        return None
    return (found[1] or found[2]).upper()
