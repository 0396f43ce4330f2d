"""The pages docs/studies/*.md: what the paper found, what the committed records say, and the commands of both scales.

`python -m urlvr_bench.studies.pages` writes them and their figures, `--check` fails where a page is stale.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from urlvr_bench.presentation import generated
from urlvr_bench.presentation.drawing import save
from urlvr_bench.presentation.rendering import rendered
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.studies import paper_settings
from urlvr_bench.studies.definition import Study, load, names
from urlvr_bench.studies.drawing import figure
from urlvr_bench.studies.readings import reading
from urlvr_bench.studies.summary import DETAILS, summary

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "studies"


def stored(study: Study, scale: str, results: Path, quick: bool = False) -> list[Record]:
    """Return the records of a study's runs that lie under a results folder."""
    paths = [results / run.record_path for run in study.form(scale).runs(quick)]
    return [record.read(path) for path in paths if path.is_file()]


def page(study: Study, records: Sequence[Record]) -> str:
    """Return the Markdown page of a study over its pocket records."""
    wanted, gpu = len(study.pocket.runs()), len(study.gpu.runs())
    lines = [
        f"# {study.title}",
        "",
        f"**{study.question}**",
        "",
        f"*What the paper found.* {study.paper}",
        "",
    ]
    if answered := study.answered(records):
        lines += [f"*What the pocket lab shows.* {reading(study, answered)}", ""]
    if records:
        lines += [
            rendered(summary(study, records), "markdown"),
            "",
            *([rendered(DETAILS[study.view](study, records), "markdown"), ""] if study.view in DETAILS else []),
            f"![{study.title}]({study.name}.png)",
            "",
            f"{len(records)} of the {wanted} runs are in `results/`.",
        ]
    else:
        lines += [f"None of the {wanted} runs is in `results/` yet."]
    return "\n".join(
        [
            *lines,
            "",
            "```bash",
            f"urlvr-bench study {study.name}                # pocket lab: {wanted} runs, less those in results/",
            f"urlvr-bench study {study.name} --quick        # one seed, {len(study.pocket.runs(quick=True))} runs",
            f"urlvr-bench study {study.name} --scale gpu    # the paper's models and settings: {gpu} runs",
            "```",
            "",
        ]
    )


def main(arguments: list[str]) -> int:
    """Write all pages and figures, or with `--check` only say which pages are stale."""
    found = [(study, stored(study, "pocket", ROOT / "results")) for study in map(load, names())]
    if not generated.checks(arguments):
        for study, records in found:
            if records:
                save(figure(study, records), PAGES / study.name)
    pages = {PAGES / f"{study.name}.md": page(study, records) for study, records in found}
    pages[PAGES / "paper-settings.md"] = paper_settings.page()
    return generated.keep(pages, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
