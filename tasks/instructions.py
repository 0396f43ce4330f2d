"""The instructions of IFEval (Zhou et al. 2023, arXiv 2311.07911) that a text can be checked for without any model.

Two kinds are left out, with the prompts that hold them: the language of a text, which needs a language detector, and
its number of sentences, which needs a sentence splitter that is downloaded.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from urlvr_bench.tasks.scorer import Doc, Scorer

MAX_LENGTH = 20_000
UNCHECKED = {"language:response_language", "length_constraints:number_sentences"}
POSTSCRIPT = {"P.S.": r"\bp\.\s?s\b", "P.P.S": r"\bp\.\s?p\.\s?s\b"}
ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


def _compared(count: int, relation: str, number: int) -> bool:
    return count < number if relation == "less than" else count >= number


def _has(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) is not None


def _paragraphs(text: str, num_paragraphs: int) -> bool:
    """Paragraphs are parted by `***`; a divider at either end parts nothing."""
    parts = [part.strip() for part in text.split("***")]
    parts = parts[not parts[0] : len(parts) - (not parts[-1])]
    return len(parts) == num_paragraphs and all(parts)


def _first_word(text: str, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    if len(parts) != num_paragraphs or nth_paragraph > num_paragraphs:
        return False
    found = re.search(r"\w[\w'-]*", parts[nth_paragraph - 1])
    return found is not None and found[0].lower() == first_word.lower()


def _is_json(text: str) -> bool:
    try:
        json.loads(re.sub(r"^```(?:json)?|```$", "", text.strip(), flags=re.IGNORECASE))
    except (ValueError, RecursionError):
        return False
    return True


def _two_responses(text: str) -> bool:
    parts = [part.strip() for part in text.split("******")]
    return len(parts) == 2 and all(parts) and parts[0] != parts[1]


def _highlighted(text: str) -> int:
    return len(re.findall(r"\*\*[^*\n]*[^*\s][^*\n]*\*\*|\*[^*\n]*[^*\s][^*\n]*\*", text))


CHECKS: dict[str, Callable[..., bool]] = {
    "keywords:existence": lambda text, keywords: all(word.lower() in text.lower() for word in keywords),
    "keywords:frequency": lambda text, keyword, frequency, relation: _compared(
        text.lower().count(keyword.lower()), relation, frequency
    ),
    "keywords:forbidden_words": lambda text, forbidden_words: not any(_has(text, word) for word in forbidden_words),
    "keywords:letter_frequency": lambda text, letter, let_frequency, let_relation: _compared(
        text.lower().count(letter.lower()), let_relation, let_frequency
    ),
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_words": lambda text, num_words, relation: _compared(
        len(re.findall(r"\w+", text)), relation, num_words
    ),
    "length_constraints:nth_paragraph_first_word": _first_word,
    "detectable_content:number_placeholders": lambda text, num_placeholders: (
        len(re.findall(r"\[[^\[\]]+\]", text)) >= num_placeholders
    ),
    "detectable_content:postscript": lambda text, postscript_marker: (
        re.search(POSTSCRIPT.get(postscript_marker, re.escape(postscript_marker)), text, re.IGNORECASE) is not None
    ),
    "detectable_format:number_bullet_lists": lambda text, num_bullets: (
        len(re.findall(r"^\s*(?:\*(?!\*)|-)\s*\S", text, re.MULTILINE)) == num_bullets
    ),
    "detectable_format:constrained_response": lambda text: any(answer in text for answer in ANSWERS),
    "detectable_format:number_highlighted_sections": lambda text, num_highlights: _highlighted(text) >= num_highlights,
    "detectable_format:multiple_sections": lambda text, section_spliter, num_sections: (
        len(re.findall(rf"{re.escape(section_spliter)}\s?[0-9]+", text)) >= num_sections
    ),
    "detectable_format:json_format": _is_json,
    "detectable_format:title": lambda text: re.search(r"<<[^\n<>]*[^\s<>][^\n<>]*>>", text) is not None,
    "combination:two_responses": _two_responses,
    "combination:repeat_prompt": lambda text, prompt_to_repeat: (
        text.strip().lower().startswith(prompt_to_repeat.strip().lower())
    ),
    "startend:end_checker": lambda text, end_phrase: text.strip(' \n"').lower().endswith(end_phrase.strip().lower()),
    "startend:quotation": lambda text: len(text) > 1 and text[0] == text[-1] == '"',
    "change_case:capital_word_frequency": lambda text, capital_frequency, capital_relation: _compared(
        sum(word.isupper() for word in re.findall(r"[\w'-]+", text)), capital_relation, capital_frequency
    ),
    "change_case:english_capital": str.isupper,
    "change_case:english_lowercase": str.islower,
    "punctuation:no_comma": lambda text: "," not in text,
}
"""Whether a stripped text follows an instruction, by its published name and arguments."""


class Instructions(Scorer):
    """A text, right if it follows every instruction of its prompt to the letter; there is no gold answer."""

    def answer(self, completion: str) -> str | None:
        text = completion.strip()
        return text if 0 < len(text) <= MAX_LENGTH else None

    def judges(self, doc: Doc) -> bool:
        """Return True: the instructions are the judge."""
        return True

    def right(self, doc: Doc, answer: str) -> bool:
        asked: list[tuple[str, dict[str, Any]]] = json.loads(doc["instructions"])
        return all(CHECKS[name](answer, **arguments) for name, arguments in asked)

    def completion(self, answer: str) -> str:
        return answer
