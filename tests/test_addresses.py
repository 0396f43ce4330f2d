"""No page has a dead or an invented address, the project's own included."""

import re
from pathlib import Path

import pytest
import yaml
from addresses import unknown

from urlvr_bench import methods, tasks

ROOT = Path(__file__).parents[1]
MARKDOWN = [
    *ROOT.glob("*.md"),
    *(path for folder in ("docs", "tasks", "leaderboard", "benchmarks") for path in (ROOT / folder).rglob("*.md")),
]
PAGES = [*MARKDOWN, *(ROOT / "leaderboard").rglob("*.html"), ROOT / "CITATION.cff", ROOT / "pyproject.toml"]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Return the anchors that the headings of a page get where repositories are read."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_web_addresses_are_places_that_are_known(page: Path) -> None:
    assert not unknown(page.read_text())


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    for link in LINK.findall(prose):
        path, _, anchor = link.partition("#")
        if "://" not in link:
            target = (page.parent / path).resolve() if path else page
            assert target.exists() and target.is_relative_to(ROOT), link
            assert not anchor or anchor in anchors(target), link


def test_papers_of_methods_and_sources_of_tasks_are_known_places() -> None:
    papers = {name: methods.load(name).paper for name in methods.names()}
    assert not {name: unknown(paper) for name, paper in papers.items() if unknown(paper)}
    published = {source for name in tasks.names() for source in tasks.load(name).revisions}
    assert published and not unknown(" ".join(f"https://huggingface.co/datasets/{source}" for source in published))


def test_the_repositorys_own_address_is_a_placeholder_until_it_has_one() -> None:
    text = (ROOT / "CITATION.cff").read_text()
    stated = yaml.safe_load(text)
    assert re.search(r"^# repository-code: .*placeholder", text, re.MULTILINE) or stated.get("repository-code")
    assert {"url", "repository", "repository-artifact"}.isdisjoint(stated)


@pytest.mark.parametrize(
    "invented",
    [
        "https://github.com/urlvr-bench/urlvr-bench",
        "https://github.com/OWNER/urlvr-bench",
        "https://urlvr-bench.github.io",
        "https://example.org/urlvr-bench",
        "https://arxiv.org/abs/2501.00000",
        "https://arxiv.org/abs/2613.01234",
        "http://localhost:8000",
    ],
)
def test_an_invented_address_is_found(invented: str) -> None:
    assert unknown(f"See [the code]({invented}), or <{invented}>.") == [invented]
