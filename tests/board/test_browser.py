"""The built site in a real browser, served from this machine: what a reader does, and that no request leaves it."""

import csv
import functools
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from records import fabricate

from urlvr_bench import board
from urlvr_bench.statistics import metrics

sync_api = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [pytest.mark.browser, pytest.mark.needs("chromium")]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
REFERENCES = ["ground_truth", "random_reward"]
MINUS = "\N{MINUS SIGN}"
METHODS = {
    "majority_vote": None,
    "self_certainty": None,
    "token_entropy": 30,
    "random_reward": None,
    "ground_truth": None,
}
PAGES = (
    "index.html",
    "methods/index.html",
    "methods/token_entropy.html",
    "runs/pocket/pocket-4/chain_addition/token_entropy/seed1.html",
    "compare.html?board=pocket.pocket-4.chain_addition.chain_addition&m=majority_vote&m=token_entropy",
    "about.html",
)
ARTIFACTS = os.environ.get("SCREENSHOTS")
"""Where to keep screenshots of every page, wide and narrow, light and dark."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def records() -> list[Any]:
    probe = [
        fabricate("majority_vote", seed, protocol="pocket-probe", model="pocket-1", task="chain_addition", k=(1, 4, 16))
        for seed in range(3)
    ]
    return probe + [
        fabricate(method, seed, collapse_at=end, model=model, task="chain_addition", k=(1, 4, 16))
        for model in ("pocket-4", "pocket-2")
        for method, end in METHODS.items()
        for seed in range(2 if method == "self_certainty" else 5)
    ]


@pytest.fixture(scope="module")
def site(records: list[Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site on the loopback interface."""
    out = tmp_path_factory.mktemp("site") / "site"
    board.build(records, out)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(out)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Any, site: str) -> Iterator[Any]:
    """Open pages in fresh contexts; afterwards no page may have complained or have asked another machine."""
    complaints: list[str] = []
    contexts = []

    def guard(route: Any) -> None:
        if urlsplit(route.request.url).hostname != "127.0.0.1":
            complaints.append(f"asked {route.request.url}")
            route.abort()
        else:
            route.continue_()

    def opened(path: str, width: int = 1400, theme: str = "light", **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, **options)
        contexts.append(context)
        context.route("**/*", guard)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site + path)
        if path.startswith(("index", "board", "compare")) and options.get("java_script_enabled", True):
            page.wait_for_selector("[data-ready]", state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def names(page: Any) -> list[str]:
    return page.locator("#board tbody th.method > a, #board tbody th.method > span").all_inner_texts()


def test_sorts_by_a_column_and_keeps_references_on_top(open_page: Any) -> None:
    page = open_page("index.html")
    assert [names(page)[0], *sorted(names(page)[1:3])] == ["step 0", *REFERENCES]
    page.click("#board thead th.avg")
    falling = page.locator("#board tbody tr:not(.reference) td.avg > span").all_inner_texts()
    page.click("#board thead th.avg")
    rising = page.locator("#board tbody tr:not(.reference) td.avg > span").all_inner_texts()
    assert [float(text) for text in falling] == sorted((float(text) for text in rising), reverse=True)
    assert len(set(falling)) > 1
    assert names(page)[0] == "step 0"
    assert page.get_attribute("#board thead th.avg", "aria-sort") == "ascending"


def test_a_shared_address_gives_the_same_view(open_page: Any, site: str) -> None:
    page = open_page("index.html")
    page.select_option("select[name=model]", "pocket-2")
    page.select_option("select[name=family]", "intrinsic/certainty")
    page.fill("input[name=q]", "entropy")
    page.click("summary:has-text('Columns')")
    page.check("input[name=cols][value=labelacc]")
    page.uncheck("input[name=cols][value=hours]")
    page.keyboard.press("Escape")
    page.click("#board thead th.gain")
    page.check("input[aria-label='Compare token_entropy']")
    page.wait_for_function("location.search.includes('pick=')")
    again = open_page(page.url.removeprefix(site))
    for one in (page, again):
        assert [name for name in names(one) if name not in ("step 0", *REFERENCES)] == ["token_entropy"]
        assert "pocket-2" in one.inner_text("#board-title")
    assert again.inner_html("#board thead") == page.inner_html("#board thead")
    assert again.inner_html("#board tbody") == page.inner_html("#board tbody")
    assert again.is_checked("input[aria-label='Compare token_entropy']")
    again.click("button[type=reset]")
    assert "self_certainty" in names(again)
    assert "q=" not in again.url


def test_a_choice_that_fits_no_board_opens_the_others(open_page: Any) -> None:
    page = open_page("index.html")
    page.select_option("select[name=protocol]", "pocket-probe")
    page.wait_for_function("document.querySelectorAll('#board tbody tr').length === 2")
    assert page.input_value("select[name=model]") == "*"
    assert page.inner_text("#board tbody tr:last-child td.model") == "pocket-1"


def test_a_run_page_draws_both_curves_and_reads_them_out(open_page: Any) -> None:
    page = open_page(PAGES[3])
    for style, axis in (("proxy", "right axis"), ("truth", "")):
        box = page.locator(f".wide path.line.{style}:not(.faint)").bounding_box()
        assert box["width"] > 500
        assert box["height"] > 40
        assert axis in page.inner_text(".wide .legend")
    page.focus(".wide [data-chart]")
    page.keyboard.press("Home")
    assert re.fullmatch(
        r"step 5\n(proxy|ground-truth) reward -?[\d.]+\n(proxy|ground-truth) reward -?[\d.]+",
        page.inner_text(".wide .reading"),
    )
    assert page.inner_text(".copyable pre").startswith("urlvr-bench run --protocol pocket --model pocket-4")


def test_the_exported_csv_holds_the_numbers_of_the_records(open_page: Any, records: list[Any], tmp_path: Path) -> None:
    page = open_page("index.html")
    page.select_option("select[name=model]", "*")
    page.select_option("select[name=protocol]", "*")
    page.click("summary:has-text('Download')")
    with page.expect_download() as waiting:
        page.click("[data-download=csv]")
    waiting.value.save_as(tmp_path / "board.csv")
    rows = list(csv.DictReader((tmp_path / "board.csv").open()))
    assert len(rows) == 2 * (len(METHODS) + 1) + 2
    ranked = set(METHODS) - {*REFERENCES, "self_certainty"}
    for row in rows:
        if row["method"] == "step 0":
            continue
        cell = (row["method"], row["model"], row["protocol"])
        own = [r for r in records if (r.method.id, r.model.name, r.protocol_id) == cell]
        assert float(row["avg"]) == pytest.approx(metrics.scores(own, "avg@16", 40).mean(), abs=1e-6)
        assert int(row["seeds"]) == len(own)
        rivals = [r["method"] for r in rows if (r["model"], r["protocol"]) == cell[1:] and r["method"] in ranked]
        assert (row["rank"] != "") == (row["method"] in ranked and len(rivals) > 1)


@pytest.mark.parametrize(
    ("kind", "start"), [("json", "[\n {"), ("md", "| rank | method |"), ("tex", "\\begin{tabular}{rl")]
)
def test_other_downloads_hold_the_view(open_page: Any, tmp_path: Path, kind: str, start: str) -> None:
    page = open_page("index.html?q=majority")
    page.click("summary:has-text('Download')")
    with page.expect_download() as waiting:
        page.click(f"[data-download={kind}]")
    waiting.value.save_as(tmp_path / "view")
    text = (tmp_path / "view").read_text()
    assert text.startswith(start)
    assert "majority" in text
    assert "token_entropy" not in text.replace("\\", "")
    if kind == "json":
        assert [row["method"] for row in json.loads(text)][-1] == "majority_vote"


def test_compare_shows_the_paired_difference_and_swaps_its_sign(open_page: Any) -> None:
    page = open_page(PAGES[4])
    first = page.locator("[data-differences] tbody td").all_inner_texts()
    assert first[2] == "majority_vote is better"
    page.select_option("select[name=m1]", "token_entropy")
    page.select_option("select[name=m2]", "majority_vote")
    page.wait_for_function("document.querySelector('[data-differences] tbody th').textContent.startsWith('token')")
    second = page.locator("[data-differences] tbody td").all_inner_texts()
    assert second[0] == first[0].replace("+", MINUS)
    assert second[2] == first[2]
    assert page.locator("path.line").count() == 4
    assert "m=token_entropy&m=majority_vote" in page.url


def test_compare_starts_from_the_rows_picked_on_the_board(open_page: Any) -> None:
    page = open_page("index.html")
    page.check("input[aria-label='Compare token_entropy']")
    assert not page.is_visible("[data-compare]")
    page.check("input[aria-label='Compare ground_truth']")
    page.click("[data-compare]")
    page.wait_for_selector("[data-ready]", state="attached")
    assert sorted(page.locator("[data-scores] tbody th > a").all_inner_texts()) == ["ground_truth", "token_entropy"]


def test_reads_well_without_scripts(open_page: Any) -> None:
    page = open_page("index.html", java_script_enabled=False)
    assert [names(page)[0], *sorted(names(page)[1:3])] == ["step 0", *REFERENCES]
    assert page.is_hidden("[data-controls]")
    assert page.locator("figure path.line").count() == 2 * len(METHODS)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_is_accessible_and_fits_wide_and_narrow(open_page: Any, path: str, theme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = open_page(path, theme=theme, bypass_csp=True)  # axe is run from a string
    found = axe.Axe().run(page).response["violations"]
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in found] == []
    for width in (1400, 360):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if ARTIFACTS:
            name = re.sub(r"\W+", "-", path.partition("?")[0].removesuffix(".html"))
            page.screenshot(path=Path(ARTIFACTS) / f"{name}-{width}-{theme}.png", full_page=True)


def test_the_theme_switch_is_remembered(open_page: Any) -> None:
    page = open_page("about.html", theme="light")
    before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.click("[data-theme-button]")
    page.click("text=Methods")
    page.wait_for_url("**/methods/index.html", wait_until="load")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before


def test_filters_ten_thousand_rows_within_a_tenth_of_a_second(open_page: Any) -> None:
    page = open_page("index.html")
    rows = page.evaluate("fetch('data/rows.json').then((answer) => answer.json())")
    rows["rows"] = [
        row | {"method": f"{row['method']} {i}", "board": 0} for i in range(10_000 // 14 + 1) for row in rows["rows"]
    ][:10_000]
    page.route("**/data/rows.json", lambda route: route.fulfill(json=rows))
    page.goto(page.url)
    page.wait_for_selector("[data-ready]", state="attached")
    assert page.inner_text("[data-status]") == "10000 rows"
    page.click("[data-step=next]")
    assert page.inner_text("[data-page]") == "page 2 of 400"
    assert "page=2" in page.url
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # processor time, as the machine may be busy

    def busy() -> float:
        return next(
            m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration"
        )

    took = []
    for words in ("entropy", "certainty", "majority"):
        begun = busy()
        page.evaluate(
            """async (words) => {
              const input = document.querySelector("input[name=q]");
              input.value = words;
              input.dispatchEvent(new Event("input", { bubbles: true }));
              await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            }""",
            words,
        )
        took.append(busy() - begun)
        assert "of 10000 rows" in page.inner_text("[data-status]")
    assert 0.001 < min(took) < 0.1
