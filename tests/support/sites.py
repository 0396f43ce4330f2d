"""Look into a built site: what its pages link to, load and could run, and whether two sites are the same."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

SMALL = {"steps": 12, "problems": 6, "samples": 4, "k": (1, 2, 4), "every": 6}
BOTH = SMALL | {"task": "chain_addition", "ood": ("countdown_pocket",)}
"""How small the fabricated records are; `BOTH` are judged on two tasks."""


class Page(HTMLParser):
    """What a page links to, loads and could run."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        self.ids |= {values["id"]} if values.get("id") else set()
        if tag == "a":
            self.links.append(values["href"] or "")
        elif "src" in values or (tag == "link" and values.get("rel") != "alternate"):
            self.loads.append(values.get("src") or values.get("href") or "")


def html(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def inert(site: Path) -> None:
    """Assert that no page and no cell of rows.json runs anything or leaves the site folder."""
    for path, page in html(site).items():
        for tag, values in page.tags:
            assert tag not in ("img", "textarea"), path
            assert tag != "script" or (values.get("src") or "").rpartition("static/")[1], path
            assert not any(name.startswith("on") for name in values)
            assert not (values.get("href") or "").lower().lstrip().startswith(("javascript:", "data:", "//"))
    for row in json.loads((site / "data/rows.json").read_text())["rows"]:
        for cell in row["html"]:
            assert set(re.findall(r"<(\w+)", cell)) <= {"a", "span", "small", "b", "svg", "line", "circle"}
    assert all(path.resolve().is_relative_to(site.resolve()) for path in site.rglob("*"))
