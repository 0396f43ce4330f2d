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
    "runs/pocket@1/pocket-4/chain_addition/token_entropy/seed1.html",
    "compare.html?board=pocket@1.pocket-4.chain_addition.chain_addition&m=majority_vote&m=token_entropy",
    "about.html",
    "findings/index.html",
    "data/index.html",
    "embed/pocket@1.pocket-4.chain_addition.chain_addition.html",
)
ARTIFACTS = os.environ.get("SCREENSHOTS")
"""Where to keep screenshots of every page, wide and narrow, light and dark."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def records() -> list[Any]:
    probe = [
        fabricate("majority_vote", seed, protocol="pocket-mcs", model="pocket-1", task="chain_addition", k=(1, 4, 16))
        for seed in range(3)
    ]
    return probe + [
        fabricate(method, seed, collapse_at=end, model=model, task="chain_addition", k=(1, 4, 16), problems=80)
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


def names(page: Any, table: str = "#board") -> list[str]:
    return page.locator(f"{table} tbody th.method > a, {table} tbody th.method > span").all_inner_texts()


def until(page: Any, condition: str) -> None:
    """Wait for a condition without having the page evaluate text, which its policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(condition)


def sort_by(page: Any, column: str, order: str) -> None:
    """Click on a column's head and wait for its order: the grid sorts after the click has been answered."""
    page.click(f"#board thead th.{column}")
    page.wait_for_selector(f"#board thead th.{column}[aria-sort={order}]")


def in_view(page: Any, selector: str) -> bool:
    """Whether the first such element lies wholly in the first view."""
    box, size = page.locator(selector).first.bounding_box(), page.viewport_size
    return box["y"] >= 0 and box["y"] + box["height"] <= size["height"] and box["x"] + box["width"] <= size["width"]


@pytest.mark.parametrize(("width", "contenders"), [(1400, 3), (360, 1)])
def test_the_first_screen_says_what_is_measured_and_who_rose_and_fell(
    open_page: Any, width: int, contenders: int
) -> None:
    page = open_page("index.html", width=width)
    assert "3 tiny pocket models" in page.inner_text(".lede") and in_view(page, ".lede")
    assert in_view(page, ".scatter .plot")
    assert in_view(page, ".scatter .point.lost circle") and in_view(page, ".scatter .point.held circle")
    assert "token_entropy" in " ".join(page.locator(".scatter text.name").all_text_contents())
    rows = page.locator("#board tbody tr")
    tops = [rows.nth(i).bounding_box()["y"] for i in range(contenders)]
    assert max(tops) < page.viewport_size["height"] - 60
    assert not set(names(page)) & {"step 0", *REFERENCES}
    assert not page.is_visible("#references") and "step 0" in page.inner_text("[data-references]")
    assert page.locator("#board .chip").count() == page.locator("#board svg.dumbbell").count() == rows.count()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_rows_are_cards_on_a_narrow_screen(open_page: Any) -> None:
    page = open_page("index.html", width=360)
    card = page.locator("#board tbody tr").first.bounding_box()
    assert card["width"] > 300 and card["height"] < 190
    for part in ("th.method", "td.outcome", "td.course svg", "td.collapse"):
        box = page.locator(f"#board tbody {part}").first.bounding_box()
        assert box["x"] >= card["x"] and box["x"] + box["width"] <= card["x"] + card["width"] + 1
    page.click("summary:has-text('Filter')")
    page.select_option("select[name=sort]", "collapse:asc")
    until(page, "document.querySelector('#board tbody th.method').textContent.startsWith('token_entropy')")


def test_the_header_stays_and_its_help_opens_by_pointer_and_key_without_sorting(open_page: Any) -> None:
    page = open_page("index.html")
    page.evaluate("document.querySelector('.tall').style.maxHeight = '8rem'")
    page.evaluate("document.querySelector('.tall').scrollTop = 90")
    head, box = (page.locator(part).first.bounding_box() for part in ("#board thead th.avg, #board thead th", ".tall"))
    assert abs(head["y"] - box["y"]) < 3
    before = page.url
    page.click("#board thead th.collapse .help")
    assert "Kaplan-Meier" in page.inner_text("#help-collapse:popover-open")
    page.keyboard.press("Escape")
    assert page.locator(":popover-open").count() == 0
    page.focus("#board thead th.tokens .help")
    page.keyboard.press("Enter")
    assert "supervised" in page.inner_text("#help-tokens:popover-open")
    assert page.url == before


def test_a_touched_cell_says_what_is_known_of_it(open_page: Any) -> None:
    page = open_page("index.html", width=360, has_touch=True)
    page.tap("#board tbody td.collapse")
    assert "collapse step" in page.inner_text(".bubble:popover-open")
    page.keyboard.press("Escape")
    page.tap(".scatter .point.lost circle")
    assert page.inner_text(".bubble:popover-open").startswith("token_entropy: ")


def test_never_collapsed_is_best(open_page: Any) -> None:
    page = open_page("index.html")
    sort_by(page, "collapse", "descending")
    assert names(page)[-1] == "token_entropy"
    sort_by(page, "collapse", "ascending")
    assert names(page)[0] == "token_entropy"


def test_back_returns_to_the_view_before(open_page: Any) -> None:
    page = open_page("index.html")
    first = page.inner_text("#board-title")
    page.select_option("select[name=model]", "pocket-4")
    until(page, "location.search.includes('model=pocket-4')")
    by_rank = names(page)
    page.click("#board thead th.collapse")
    until(page, "location.search.includes('sort=collapse')")
    page.go_back()
    until(page, "!location.search.includes('sort=')")
    assert page.input_value("select[name=model]") == "pocket-4" and names(page) == by_rank
    sort_by(page, "method", "ascending")
    sort_by(page, "method", "descending")
    until(page, "location.search.includes('sort=method:desc')")
    assert names(page) == sorted(names(page), reverse=True) != by_rank
    page.go_back()
    page.go_back()
    until(page, "!location.search.includes('sort=')")
    assert names(page) == by_rank
    page.go_back()
    until(page, "!location.search.includes('model=')")
    assert page.inner_text("#board-title") == first and "index.html" in page.url


def test_figures_and_title_follow_the_filters(open_page: Any) -> None:
    page = open_page("index.html")
    page.fill("input[name=q]", "ttrl")  # another name of majority_vote
    until(page, "document.querySelectorAll('#board tbody tr').length === 1")
    assert names(page) == ["majority_vote"] and page.inner_text("[data-status]").startswith("1 of 3 methods")
    page.wait_for_selector(".point.out[data-method=token_entropy]", state="attached")
    assert page.locator(".panel:visible").count() == 1
    page.fill("input[name=q]", "")
    page.select_option("select[name=protocol]", "pocket-mcs")
    page.select_option("select[name=model]", "pocket-1")
    until(page, "document.title.includes('pocket-mcs')")
    until(page, "document.querySelectorAll('.scatter .point').length === 1")
    assert page.locator(".panel:not(.out)").count() == 1
    page.select_option("select[name=protocol]", "*")
    page.select_option("select[name=model]", "*")
    page.wait_for_selector("[data-nofigure]:visible")
    assert not page.is_visible(".scatter")
    page.click("button[type=reset]")
    page.wait_for_selector(".scatter:visible")
    until(page, "document.querySelector('[data-subtitle]').textContent.includes('tiny model')")


def test_a_fifth_pick_is_told_and_so_is_an_unknown_choice(open_page: Any) -> None:
    page = open_page("index.html?protocol=foo")
    assert "no protocol foo" in page.inner_text("[data-status]")
    page.click(".references summary")
    for name in ("majority_vote", "self_certainty", "token_entropy", *REFERENCES):
        page.check(f"input[aria-label='Compare {name}']")
    assert page.inner_text("[data-compare]") == "Compare 4"
    assert "Four methods" in page.inner_text("[data-status]") or "4 methods can be" in page.inner_text("[data-status]")
    assert "left out" in page.inner_text("[data-status]")


def test_sorts_by_a_column_and_keeps_references_apart(open_page: Any) -> None:
    page = open_page("index.html?cols=rank,method,avg")
    sort_by(page, "avg", "descending")
    falling = page.locator("#board tbody td.avg > span").all_inner_texts()
    sort_by(page, "avg", "ascending")
    rising = page.locator("#board tbody td.avg > span").all_inner_texts()
    assert [float(text) for text in falling] == sorted((float(text) for text in rising), reverse=True)
    assert len(set(falling)) > 1
    page.click(".references summary")
    assert [names(page, "#references")[0], *sorted(names(page, "#references")[1:])] == ["step 0", *REFERENCES]


def test_a_shared_address_gives_the_same_view(open_page: Any, site: str) -> None:
    page = open_page("index.html")
    page.select_option("select[name=model]", "pocket-2")
    page.select_option("select[name=family]", "intrinsic/certainty")
    page.fill("input[name=q]", "entropy")
    page.click("summary:has-text('Columns')")
    page.check("input[name=cols][value=labelacc]")
    page.uncheck("input[name=cols][value=hours]")
    page.keyboard.press("Escape")
    page.click("#board thead th.outcome")
    page.check("input[aria-label='Compare token_entropy']")
    until(page, "location.search.includes('pick=')")
    again = open_page(page.url.removeprefix(site))
    for one in (page, again):
        assert names(one) == ["token_entropy"]
        assert "pocket-2" in one.inner_text("#board-title")
    assert again.inner_html("#board thead") == page.inner_html("#board thead")
    assert again.inner_html("#board tbody") == page.inner_html("#board tbody")
    assert again.is_checked("input[aria-label='Compare token_entropy']")
    again.click("button[type=reset]")
    assert "self_certainty" in names(again)
    assert "q=" not in again.url


def test_a_choice_that_fits_no_board_opens_the_others(open_page: Any) -> None:
    page = open_page("index.html")
    page.select_option("select[name=protocol]", "pocket-mcs")
    until(page, "document.querySelectorAll('#board tbody tr').length === 1")
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
    assert page.inner_text(".copyable pre").startswith("urlvr-bench run --protocol pocket@1 --model pocket-4")


def test_the_exported_csv_holds_the_numbers_of_the_records(open_page: Any, records: list[Any], tmp_path: Path) -> None:
    page = open_page("index.html")
    page.select_option("select[name=model]", "*")
    page.select_option("select[name=protocol]", "*")
    page.click("summary:has-text('Download')")
    with page.expect_download() as waiting:
        page.click("[data-download=csv]")
    waiting.value.save_as(tmp_path / "board.csv")
    assert waiting.value.suggested_filename == "urlvr-bench_3-boards.csv"
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
    ("kind", "start"), [("json", "[\n {"), ("md", "| rank | method | outcome |"), ("tex", "\\begin{tabular}{rll")]
)
def test_other_downloads_hold_the_view(open_page: Any, tmp_path: Path, kind: str, start: str) -> None:
    page = open_page("index.html?q=majority")
    page.click("summary:has-text('Download')")
    with page.expect_download() as waiting:
        page.click(f"[data-download={kind}]")
    waiting.value.save_as(tmp_path / "view")
    assert waiting.value.suggested_filename == f"urlvr-bench_pocket@1.pocket-2.chain_addition.chain_addition.{kind}"
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
    until(page, "document.querySelector('[data-differences] tbody th').textContent.startsWith('token')")
    second = page.locator("[data-differences] tbody td").all_inner_texts()
    assert second[0] == first[0].replace("+", MINUS)
    assert second[2] == first[2]
    assert page.locator("path.line").count() == page.locator("path.band").count() == 6  # truth, proxy, reward accuracy
    until(page, "location.search.includes('m=token_entropy&m=majority_vote')")


def test_compare_starts_from_the_rows_picked_on_the_board(open_page: Any) -> None:
    page = open_page("index.html")
    page.check("input[aria-label='Compare token_entropy']")
    assert not page.is_visible("[data-compare]")
    page.click(".references summary")
    page.check("input[aria-label='Compare ground_truth']")
    page.click("[data-compare]")
    page.wait_for_selector("[data-ready]", state="attached")
    assert sorted(page.locator("[data-scores] tbody th > a").all_inner_texts()) == ["ground_truth", "token_entropy"]


def test_compare_opens_with_two_that_differ(open_page: Any) -> None:
    page = open_page("compare.html")
    assert page.locator("[data-differences] tbody td").all_inner_texts()[2].endswith("is better")


def test_reads_well_without_scripts(open_page: Any) -> None:
    page = open_page("index.html", java_script_enabled=False)
    assert sorted(names(page)) == sorted(set(METHODS) - {*REFERENCES})
    page.click(".references summary")
    assert names(page, "#references")[0] == "step 0"
    page.click("#board thead th.collapse .help")
    assert "Kaplan-Meier" in page.inner_text("#help-collapse:popover-open")
    assert page.is_hidden("[data-controls]")
    assert page.locator(".scatter .point").count() == len(METHODS)
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
            Path(ARTIFACTS).mkdir(parents=True, exist_ok=True)
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
        row | {"method": f"{row['method']} {i}", "board": 0, "style": ""}
        for i in range(10_000 // 14 + 1)
        for row in rows["rows"]
    ][:10_000]
    page.route("**/data/rows.json", lambda route: route.fulfill(json=rows))
    page.goto(page.url)
    page.wait_for_selector("[data-ready]", state="attached")
    assert page.inner_text("[data-status]") == "10000 methods."
    page.click("[data-step=next]")
    assert page.inner_text("[data-page]") == "page 2 of 400"
    until(page, "location.search.includes('page=2')")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # processor time, as the machine may be busy

    def busy() -> float:
        return next(
            m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration"
        )

    took = []
    for words in ("entropy", "certainty", "majority", "17", "23", "42"):  # each draws rows that were not drawn before
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
        assert "of 10000 methods" in page.inner_text("[data-status]")
    assert 0.001 < min(took) < 0.1
