"""The static site: its numbers are the records' numbers, and its pages hang together."""

import csv
import gzip
import itertools
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag
from xml.etree import ElementTree

import pytest
from records import fabricate
from sites import BOTH, SMALL, Page, digest, html

from urlvr_bench import board, methods
from urlvr_bench import protocol as protocols
from urlvr_bench.board import (
    boards,
    charts,
    content,
    data_files,
    findings,
    lede,
    outcomes,
    overview,
    problems,
    registry,
)
from urlvr_bench.errors import UsageError
from urlvr_bench.records.record import Record, read
from urlvr_bench.running import plan
from urlvr_bench.statistics import falling, summaries, verdicts
from urlvr_bench.statistics.cells import cells, different
from urlvr_bench.studies import definition

DASH = "\N{EN DASH}"


def some() -> list[Record]:
    """Two models, a collapse, a real-valued reward, few seeds, a stranger, another task and a changed setting."""
    found = [
        fabricate(name, seed, collapse_at=end, model=model, **BOTH)
        for model in ("pocket-4", "pocket-2")
        for name, end in (
            ("majority_vote", None),
            ("token_entropy", 6),
            ("ground_truth", None),
            ("random_reward", None),
        )
        for seed in range(5)
    ]
    found += [fabricate("self_certainty", seed, model="pocket-4", **BOTH) for seed in range(2)]
    found += [fabricate("homemade", seed, model="pocket-4", **BOTH) for seed in range(4)]
    params = {"relative": False}
    changed = {"training.learning_rate": "0.001"}
    return [*found, fabricate("probability", 3, params=params, overrides=changed, model="pocket-4", **BOTH)]


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return some()


@pytest.fixture(scope="module")
def site(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("board") / "site"
    board.build(records, out)
    return out


def rows_of(site: Path) -> list[dict[str, Any]]:
    """Return the rows of a site's data file."""
    found: list[dict[str, Any]] = json.loads((site / "data/board.json").read_text())["rows"]
    return found


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    found = html(site)
    for path, page in found.items():
        for link in page.links:
            target, anchor = urldefrag(link)
            if target.startswith("https://"):
                continue
            file = (path.parent / unquote(target)).resolve() if target else path.resolve()
            assert file.is_file(), f"{path}: {link}"
            assert (
                not anchor or file.suffix != ".html" or anchor in found[site / file.relative_to(site.resolve())].ids
            ), link
        for load in page.loads:
            assert (path.parent / load).is_file(), f"{path}: {load}"


def test_pages_hold_no_script_or_style_that_the_policy_would_have_to_allow(site: Path) -> None:
    for path, page in html(site).items():
        policy = [v["content"] for tag, v in page.tags if v.get("http-equiv") == "Content-Security-Policy"]
        assert policy == [content.POLICY]
        assert "unsafe" not in content.POLICY
        for tag, values in page.tags:
            assert (
                tag not in ("style", "iframe", "object", "base", "form")
                or "data-controls" in values
                or "data-choose" in values
            )
            assert tag != "script" or values.get("src")
            assert not any(name == "style" or name.startswith("on") for name in values), f"{path}: {tag} {values}"
            assert tag != "a" or values.get("target") != "_blank" or "noopener" in (values.get("rel") or "")


def test_the_numbers_are_those_of_the_summaries(site: Path, records: list[Record]) -> None:
    shown = {(row["protocol"], row["model"], row["judged"], row["method"]): row for row in rows_of(site)}
    compared = 0
    for cell, rows in cells(records).items():
        for row in summaries.pass_rows(cell, rows):
            own = shown.pop((cell.protocol, cell.model, cell.judged, row["method"]))
            assert own["avg"] == row["avg@4"]
            assert own["pass@4_low"] == row["pass@4_low"]
            assert own["seeds"] == row["seeds"]
            if row["method"] != "step 0":
                assert (own["gain"], own["gain_high"]) == (row["gain"], row["gain_high"])
            compared += 1
        for row in falling.collapse_rows(cell, rows):
            shared = f"{row['train_accuracy_collapsed']}/{row['seeds']} seeds"
            text = row["train_accuracy"] if row["seeds"] == 1 else shared
            assert text in (site / f"methods/{row['method'].partition('(')[0]}.html").read_text()
    assert compared > 10
    assert not shown


def test_the_csv_and_the_json_agree_and_leave_the_unknown_empty(site: Path) -> None:
    rows = list(csv.DictReader((site / "data/board.csv").open()))
    for text, row in zip(rows, rows_of(site), strict=True):
        assert {name: "" if value is None else str(value) for name, value in row.items()} == text
    (start, *_) = rows
    assert start["method"] == "step 0"
    assert start["gain"] == start["rank"] == start["device_hours"] == ""


def table_rows(text: str, table: str = "board") -> list[tuple[str, list[str]]]:
    """Return class and cell texts of each row of a table of a page."""
    body = text.split(f'id="{table}"', 1)[1].split("</table>")[0].split("<tbody>")[1]
    return [
        (style, [re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)])
        for style, row in re.findall(r'<tr class="([^"]*)">(.*?)</tr>', body, re.S)
    ]


def test_references_are_folded_few_seeds_are_marked_and_the_unknown_is_a_dash(site: Path) -> None:
    text = (site / "index.html").read_text()
    rows, references = table_rows(text), table_rows(text, "references")
    assert {style for style, _ in references} == {"reference"} and "reference" not in {style for style, _ in rows}
    assert references[0][1][1].startswith("step 0")
    assert re.search(r"<details class=\"references\"><summary[^>]*>3 references: step 0 \d", text)
    by_name = {cells[2].split()[0]: (style, cells) for style, cells in rows}
    assert by_name["self_certainty"][0] == "unranked"
    assert by_name["self_certainty"][1][1] == DASH
    assert by_name["homemade"][0] == ""
    for name, seeds in (("self_certainty", 2), ("homemade", 4)):
        assert f"only {seeds} seeds" in by_name[name][1][2]
    assert "only 5 seeds" not in by_name["majority_vote"][1][2]
    assert "uses labels" in next(cells[1] for _, cells in references if cells[1].startswith("ground_truth"))
    assert "self-reported" in by_name["homemade"][1][2] and "self-reported" not in by_name["majority_vote"][1][2]
    assert re.fullmatch(rf"=1|1({DASH}\d)?", by_name["majority_vote"][1][1])
    assert references[0][1].count(DASH) >= 4
    assert "nan" not in text.lower().replace("nanmean", "")


def test_the_first_sentence_counts_tiny_and_real_models(site: Path, tmp_path: Path) -> None:
    tiny = fabricate("majority_vote", 0, **SMALL)
    large = tiny.model.model_copy(update={"name": "smollm", "parameters": 134_515_008, "weights_sha256": "e" * 16})
    said = lede.sentence([tiny, tiny.model_copy(update={"model": large})])
    assert "1 tiny pocket model (84\N{NARROW NO-BREAK SPACE}288 parameters)" in said
    assert "1 real language model (smollm with 135 million parameters)" in said
    assert "2 tiny pocket models" in (site / "index.html").read_text().split("</h1>")[1].split("</p>")[0]
    assert "no real language model yet" in (site / "index.html").read_text()


def test_a_board_says_what_became_of_each_method_and_when_it_collapsed(site: Path, records: list[Record]) -> None:
    grouped = cells([one for one in records if not one.overrides])
    (cell,) = (one for one in grouped if (one.model, one.judged) == ("pocket-4", "chain_addition"))
    own = (row for row in rows_of(site) if (row["model"], row["judged"]) == (cell.model, cell.judged))
    rows = {row["method"]: row for row in own}
    for method, found in verdicts.verdicts(cell, grouped[cell]).items():
        assert (rows[method]["outcome"], rows[method]["start"]) == (found.word, found.accuracies[0])
    text = (site / "index.html").read_text()
    figure = text.split('data-figure="overview"')[1].split("</figure>")[0]
    points = dict(re.findall(r'<g class="point \w+" data-method="([^"]+)"><line x1="([\d.]+)%"', figure))
    assert points.keys() >= {"majority_vote", "token_entropy", "ground_truth"}
    assert float(points["token_entropy"]) < overview.STEPS < float(points["majority_vote"])
    for method, row in rows.items():
        if method in points and row["uses_labels"] is False:
            assert f'<b class="tag chip {outcomes.STYLES[row["outcome"]]}"' in text


def test_a_board_counts_its_outcomes_first(site: Path, records: list[Record]) -> None:
    grouped = cells([one for one in records if not one.overrides])
    (cell,) = (one for one in grouped if (one.model, one.judged) == ("pocket-4", "chain_addition"))
    found = verdicts.verdicts(cell, grouped[cell])
    (said,) = re.findall(r"data-subtitle><strong>(.*?)</strong>", (site / "index.html").read_text())
    rewards = {
        name: found[name].word for name in different(grouped[cell]) if name not in ("ground_truth", "random_reward")
    }
    assert said.startswith(f"Of {len(rewards)} rewards without labels: ")
    for word in rewards.values():
        assert f"{list(rewards.values()).count(word)} {word}" in said
    assert f"labels end at {100 * found['ground_truth'].end:.1f} %" in said
    assert f"noise ends at {100 * found['random_reward'].end:.1f} %" in said


def test_the_board_that_separates_methods_comes_first() -> None:
    alike = [fabricate(name, seed, **SMALL) for name in ("majority_vote", "scrl", "empo") for seed in range(4)]
    apart = [
        fabricate(name, seed, model="pocket-2", collapse_at=end, **SMALL | {"steps": 24})
        for name, end in (("majority_vote", None), ("covo", 8))
        for seed in range(4)
    ]
    first, second = boards.summarised(boards.boards([*alike, *apart]))
    assert first.model == "pocket-2" and first.decided == 1
    assert second.decided == 0


def test_a_real_model_comes_before_tiny_ones_and_a_protocol_before_its_older_version() -> None:
    def runs(version: int, parameters: int) -> list[Record]:
        made = [fabricate(name, 0, **SMALL) for name in ("majority_vote", "covo")]
        return [
            one.model_copy(
                update={
                    "protocol": one.protocol.model_copy(update={"version": version}),
                    "model": one.model.model_copy(update={"name": f"m{parameters}", "parameters": parameters}),
                }
            )
            for one in made
        ]

    found = boards.summarised(boards.boards([*runs(1, 85_000), *runs(2, 85_000), *runs(1, 135_000_000)]))
    assert [(board.first.model.name, board.first.protocol.version) for board in found] == [
        ("m135000000", 1),
        ("m85000", 2),
        ("m85000", 1),
    ]


def test_who_never_collapsed_sorts_above_all_who_did(site: Path) -> None:
    found = json.loads((site / "data/rows.json").read_text())
    at = [column["key"] for column in found["columns"]].index("collapse")
    order = {row["method"]: row["order"].get(str(at)) for row in found["rows"] if row["board"] == 0}
    assert order["majority_vote"] > 12 > order["token_entropy"]


def test_the_data_api_keeps_to_its_schema_and_holds_the_records(site: Path, records: list[Record]) -> None:
    schema = json.loads((site / "data/schema.json").read_text())
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    validator.check_schema(schema)
    validator(schema).validate(json.loads((site / "data/board.json").read_text()))
    for listed in json.loads((site / "data/records.json").read_text()):
        assert read(site / "data" / listed["record"]) in records
    for name, _ in data_files.FILES:
        assert (site / "data" / name).exists()


def test_the_feed_holds_the_newest_records(site: Path, records: list[Record]) -> None:
    space = {"a": "http://www.w3.org/2005/Atom"}
    feed = ElementTree.fromstring((site / "feed.xml").read_text())  # noqa: S314 - our own
    entries = feed.findall("a:entry", space)
    assert len(entries) == min(len(records), data_files.NEWEST)
    for entry in entries:
        link = entry.find("a:link", space)
        assert link is not None and (site / link.attrib["href"]).is_file()


def test_every_page_links_to_code_paper_data_and_records(records: list[Record], site: Path, tmp_path: Path) -> None:
    links = board.Links("https://example.org/code", "someone/records", "https://example.org/board")
    board.build(records[:1], tmp_path / "site", links=links)
    for page in html(tmp_path / "site").values():
        if page.path.parent.name != "embed":
            text = " ".join(page.links)
            for wanted in (links.repository, links.paper, links.data, "data/records.json", "feed.xml"):
                assert wanted in text, page.path
    index = (tmp_path / "site/index.html").read_text()
    assert '<meta property="og:image" content="https://example.org/board/static/card.png">' in index
    assert '<link href="https://example.org/board/runs/' in (tmp_path / "site/feed.xml").read_text()
    assert "about.html#addresses" in (site / "index.html").read_text()
    with pytest.raises(UsageError, match="no web address"):
        board.Links("javascript:alert(1)")


def test_methods_are_found_by_their_other_names(site: Path) -> None:
    assert 'content="0; url=majority_vote.html"' in (site / "methods/ttrl.html").read_text()
    rows = json.loads((site / "data/rows.json").read_text())["rows"]
    assert "ttrl" in next(row["words"] for row in rows if row["method"] == "majority_vote")


def test_a_run_page_says_which_problems_were_won_and_lost(site: Path, records: list[Record]) -> None:
    lost = next(one for one in records if one.method.name == "token_entropy")
    found = problems.view(lost)
    assert found is not None
    counts = {kind: many for kind, many, _ in found.kinds}
    assert sum(counts.values()) == found.problems == 6 and counts["lost"] > counts["won"]
    text = (site / "runs" / lost.path.with_suffix(".html")).read_text()
    assert f"{counts['lost']} lost" in text and text.count('class="squares"') == len(found.moments)


def test_a_study_whose_runs_are_there_has_a_page(tmp_path: Path) -> None:
    study = definition.load("priors")
    run = study.form("pocket").runs()[0]
    own = fabricate(run.method, run.seed, protocol=run.protocol, model=run.model, task=run.task)
    assert own.path == run.record_path
    assert [one.name for one in findings.findings([own])] == ["priors"]
    made = findings.html(findings.findings([own])[0].markdown() + "\n<script>alert(1)</script>\n[a *page*](b.md)\n")
    assert "a <em>page</em>" in made and "b.md" not in made
    assert "<table>" in made and "<script" not in made and "style=" not in made


def test_a_page_for_which_records_are_missing_says_so() -> None:
    protocol = protocols.load("desk-press", {"greedy": "false"})
    (desk,) = findings.findings([fabricate("majority_vote", 0, protocol=protocol, model="smollm2-135m", task="words")])
    assert "What rises, what falls" in desk.text and "Beside the pocket lab" not in desk.text

    def lacking() -> str:
        raise UsageError("no run has been judged")

    lost = findings.Finding("desk", "The desk lab", "What falls?", 1, lacking)
    assert "do not suffice for this page: no run has been judged" in lost.text


def test_the_same_records_make_the_same_bytes(site: Path, records: list[Record], tmp_path: Path) -> None:
    board.build(records[::-1], tmp_path / "again")
    assert digest(tmp_path / "again") == digest(site)


def test_boards_that_share_their_names_are_told_apart(tmp_path: Path) -> None:
    first = fabricate("majority_vote", 0, **SMALL)
    records = [
        first,
        fabricate("majority_vote", 1, **SMALL | {"steps": 18}),
        first.model_copy(update={"seed": 2, "model": first.model.model_copy(update={"weights_sha256": "f" * 16})}),
        first.model_copy(update={"seed": 3, "task": first.task.model_copy(update={"version": "2"})}),
    ]
    board.build(records, tmp_path / "site")
    rows = rows_of(tmp_path / "site")
    assert len({(row["protocol"], row["model"], row["task"]) for row in rows}) == 4
    assert len(list((tmp_path / "site").glob("board-*.html"))) == 4
    assert {row["seeds"] for row in rows} == {1}


def test_the_first_view_is_light(site: Path) -> None:
    page = Page(site / "index.html")
    first = [site / load for load in page.loads] + [site / "static/lib/datatables.js", site / "static/download.js"]
    first += [site / "static" / name for name in ("grid.js", "address.js", "figures.js")]
    first += [site / "index.html", site / "data/rows.json"]
    assert sum(len(gzip.compress(path.read_bytes())) for path in first) < 300_000


def test_method_pages_come_from_the_registry(site: Path) -> None:
    for name in methods.names():
        text = (site / "methods" / f"{name}.html").read_text()
        assert methods.load(name).paper.replace("&", "&amp;") in text
        assert methods.source_hash(name) in text
        assert f'href="{name}.html"' in (site / "methods/index.html").read_text()
    assert "Divide by the largest probability" in (site / "methods/probability.html").read_text()
    assert "No runs yet" in (site / "methods/trajectory_entropy.html").read_text()
    assert "not in the registry" in (site / "methods/homemade.html").read_text()


def test_a_run_page_draws_both_curves_and_repeats_its_run(site: Path, records: list[Record]) -> None:
    for record in (records[0], records[-1]):
        text = (site / "runs" / record.path.with_suffix(".html")).read_text()
        assert len(re.findall(r'<path class="line (?:truth|proxy dashed)" d="M\d', text)) == 2
        line = re.search(r"<pre[^>]*>(urlvr-bench run .*?)</pre>", text, re.S)
        assert line is not None
        words = shlex.split(line[1].replace("&#39;", "'").replace("&#34;", '"'))[2:]
        given = dict(zip(words[::2], words[1::2], strict=True))
        overrides = dict([given["--set"].split("=", 1)]) if "--set" in given else {}
        (run,) = plan.grid(
            given["--protocol"],
            [given["--method"]],
            [int(given["--seed"])],
            [given["--model"]],
            [given["--task"]],
            overrides,
        )
        assert (run.method_id, run.seed, run.task, run.model) == (
            record.method.id,
            record.seed,
            record.task.name,
            record.model.name,
        )
        assert dict(run.overrides) == record.overrides


def test_compare_holds_every_paired_difference(site: Path, records: list[Record]) -> None:
    (file,) = (site / "data/compare").glob("pocket@1.pocket-2.chain_addition.chain_addition.json")
    found = json.loads(file.read_text())
    names = [entry["name"] for entry in found["entries"]]
    assert len(found["pairs"]) == len(names) * (len(names) - 1) / 2
    end = {
        row["method"]: row["avg"]
        for row in rows_of(site)
        if row["model"] == "pocket-2" and row["judged"] == "chain_addition"
    }
    first, low, high, _ = found["pairs"][0]
    assert first == pytest.approx(end[names[0]] - end[names[1]], abs=1e-5)
    assert low < first < high


def test_building_needs_no_heavy_library() -> None:
    heavy = (
        "[name for name in ('torch', 'trl', 'lm_eval', 'transformers', 'itables', 'matplotlib') if name in sys.modules]"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, urlvr_bench.board; print({heavy})"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_path_breaks_where_values_are_missing() -> None:
    x, y = charts.axis("step", bounds=(0, 4)), charts.axis("", bounds=(0, 1))
    drawn = charts.curve([1, 2, 3, 4], [0.0, 1.0, None, 0.5])
    assert charts.path(drawn, x, y) == "M250 1000 500 0M1000 500"


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.02, 0.41], (0, 0.1, 0.2, 0.3, 0.4, 0.5)),
        ([5.0, 7.0], (5, 5.5, 6, 6.5, 7)),
        ([-1.4, -0.1], (-1.5, -1, -0.5, 0)),
        ([3.0], None),
    ],
)
def test_an_axis_holds_its_values_between_round_ticks(values: list[float], ticks: tuple[float, ...] | None) -> None:
    found = charts.axis("", [charts.curve(range(len(values)), values)[1]])
    assert found.low <= min(values) <= max(values) <= found.high
    assert found.low < found.high
    assert ticks is None or found.ticks == ticks


def test_labels_never_overlap() -> None:
    placed = charts.labels([(str(i), "", 99.0) for i in range(8)] + [("top", "", 0.0)], gap=6)
    heights = [dot.y for dot in placed]
    assert all(b - a >= 6 - 1e-9 for a, b in itertools.pairwise(heights))
    assert max(heights) <= 100


def test_bibtex_names_the_paper_and_the_result() -> None:
    text = registry.bibtex(registry.registered("majority_vote"), "majority_vote on chain", "avg@16 = 76.9 %")
    assert "eprint = {2504.16084}" in text
    assert "year = {2025}" in text
    assert r"majority\_vote on chain" in text
    assert r"76.9 \%" in text
