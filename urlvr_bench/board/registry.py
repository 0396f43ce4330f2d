"""What a method's page says of it: the registry's words where it is registered, else what its records say."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from urlvr_bench import methods
from urlvr_bench.records.record import MethodInfo
from urlvr_bench.rollouts import Group


@dataclass(frozen=True)
class Card:
    """A method as its page shows it."""

    name: str
    family: str
    paper: str
    signals: Mapping[str, str]
    """What it reads, and what that means."""
    uses_labels: bool
    binary: bool
    aliases: tuple[str, ...] = ()
    blocks: tuple[tuple[str, str], ...] = ()
    """The docstring's paragraphs: ("text" or "code", content)."""
    formula: str = ""
    differs: str = ""
    fields: tuple[tuple[str, Any, str], ...] = ()
    """Name, default and meaning of each hyper-parameter."""
    source: str = ""
    source_hash: str = ""
    runs: int = 0

    @property
    def file(self) -> str:
        """Name of its page in methods/."""
        return f"{self.name}.html"

    @property
    def summary(self) -> str:
        """The first paragraph, without the paper that it names in brackets."""
        return self.blocks[0][1] if self.blocks else ""

    @property
    def paper_link(self) -> bool:
        """Whether the paper is a web address that is safe to link."""
        return re.fullmatch(r"https?://[^\s<>\"']+", self.paper) is not None


def registered(name: str, runs: int = 0) -> Card:
    """Return the card of a method in the registry."""
    cls = methods.load(name)
    source = (methods.FOLDER / f"{name}.py").read_text(encoding="utf-8")
    meanings = {signal: " ".join(text.split()) for signal, _, text in methods.hyper_parameters(Group)}
    return Card(
        name=name,
        family=cls.family,
        paper=cls.paper,
        signals={signal: meanings.get(signal, "") for signal in cls.needs},
        uses_labels=cls().uses_labels(),
        binary=cls.binary,
        aliases=cls.aliases,
        blocks=tuple(paragraphs(inspect.getdoc(cls) or "")),
        formula=cls.formula,
        differs=cls.differs,
        fields=methods.hyper_parameters(cls),
        source=source,
        source_hash=methods.source_hash(name),
        runs=runs,
    )


def stranger(info: MethodInfo, runs: int) -> Card:
    """Return the card of a method that only records know."""
    note = "This method is not in the registry that built these pages, so its reward cannot be shown."
    return Card(
        name=info.name,
        family=info.family,
        paper=info.paper,
        signals=dict.fromkeys(info.signals, ""),
        uses_labels=info.uses_labels,
        binary=info.binary,
        blocks=(("text", note),),
        source_hash=info.source_sha256,
        runs=runs,
    )


def paragraphs(doc: str) -> list[tuple[str, str]]:
    """Return a docstring as paragraphs of text and of examples."""
    blocks = re.split(r"\n\s*\n", doc.strip())
    return [
        ("code", block) if block.lstrip().startswith(">>>") else ("text", " ".join(block.split())) for block in blocks
    ]


def bibtex(card: Card, title: str, note: str) -> str:
    """Return BibTeX for one row of the board: the method's paper, where it has an arXiv number, and the result."""
    entries = []
    if arxiv := re.search(r"arxiv\.org/(?:abs|pdf)/(\d\d)(\d\d)\.(\d{4,5})", card.paper):
        number = f"{arxiv[1]}{arxiv[2]}.{arxiv[3]}"
        lines = {"eprint": number, "archivePrefix": "arXiv", "year": f"20{arxiv[1]}", "url": card.paper}
        entries.append(_entry("misc", f"arxiv-{number}", lines))
    lines = {"title": "{" + title + "}", "author": "{The urlvr-bench developers}", "note": note}
    entries.append(_entry("misc", f"urlvr-bench-{card.name.replace('_', '-')}", lines))
    return "\n\n".join(entries)


def _entry(kind: str, key: str, lines: Mapping[str, str]) -> str:
    body = ",\n".join(
        f"  {name} = {{{escape_tex(value) if name in ('title', 'note') else value}}}" for name, value in lines.items()
    )
    return f"@{kind}{{{key},\n{body}\n}}"


def escape_tex(text: str) -> str:
    """Return text with TeX's special characters made plain; braces are left to the caller."""
    return re.sub(r"([&%$#_])", r"\\\1", text)
