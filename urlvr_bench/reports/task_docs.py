"""Write docs/tasks.md, the index of all tasks, from their YAML files.

`python -m urlvr_bench.reports.task_docs` writes it, `--check` only says whether it is up to date. `--count` counts the
published sets anew that URLVR_DATA names, and keeps what it finds in tasks/counts.json.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from urlvr_bench import tasks
from urlvr_bench.presentation import generated
from urlvr_bench.records.sets import Counts, told
from urlvr_bench.running import counts

COUNTS = tasks.FOLDER / "counts.json"
"""What is asked of the published sets that were counted: by task and split, the rows and how many are left out."""
Counted = dict[str, dict[str, Counts]]
COLUMNS = "| task | what it is | problems | in turn by | version | source | license |\n|---|---|---|---|---|---|---|\n"
UNCOUNTED = "not counted here"
PAGE = Path(__file__).parents[2] / "docs" / "tasks.md"
HEAD = """# Tasks

Made by `make docs` from `tasks/`; do not edit it. One lm-eval YAML is one task, for training and
evaluation alike. Published sets are read from the Hugging Face Hub at a pinned commit, or from a folder with
`train.jsonl`, `test.jsonl` (or `.json`, `.parquet`) in the published columns: `--data TASK=DIR` or
`URLVR_DATA=TASK=DIR,...`. Answers take one spelling when a set is read ("142.0" is 142, "025" is 25), no text is asked
twice, and none of the test split is trained on: no problem with the text of a test problem, or with its letters, digits
and answer. Texts that differ in signs are different problems. `urlvr-bench check tasks` examines all of this.

A row that cannot be asked (its answer is missing or too long to compare) is set aside; the plan of a run, its record
and its tables say how many rows were, and why. The column `problems` says it of the sets that were counted here, with
`URLVR_DATA=... python -m urlvr_bench.reports.task_docs --count`.

An evaluation asks the first N test problems. The test problems of a published set stand in a fixed random order, the
same for every seed and version, in which every beginning holds each subject's share (`in turn by` names the column of
the subjects; a local copy without it is in random order only). Training goes by the schedule of the run's seed.

## Prompt styles

A task that has styles is asked in `boxed-chat`; `TASK@STYLE` asks it in another one, with the same problems. The style
is part of the task's version and so of every record.

- `boxed-chat`: the problem and "put your final answer within \\boxed{}" as a turn of the chat template, which the
  model must have. The last box counts.
- `boxed-plain`: the same as plain text, for base models. The last box before the model asks a further question counts.
- `native`: "Question: ... Answer:" with no format asked for, in the chat template where there is one. The last box
  counts, else what is stated as the answer, else the last number or expression.

"""
GROUPS: dict[str, tuple[str, Callable[[tasks.Task], bool]]] = {
    "Few-shot, for small real models": (
        "Plain text, no chat template: three solved examples, then an open line that a model of a hundred million "
        "parameters at times completes rightly. The first line is the answer, whatever its capitals, and it ends the "
        "completion. Of `words`, no word is on both sides of the split, also across its parts: train on one part, and "
        "judge on another ([where the words come from](../tasks/lexicon/README.md)). Of `arithmetic_words`, no two "
        "splits ask the same sum. `countdown_easy` has the checker of `countdown`. `words_native` alone shows no "
        "solved lines: it asks the problems of `words` as questions, in the chat template where the model has one, and "
        "what the first sentence states is the answer.",
        lambda task: str(task.config["process_results"]).endswith("line"),
    ),
    "Mathematics": (
        "Scored by value: numbers exactly, formulas by math-verify in a process that a time limit ends.",
        lambda task: ".boxed" in str(task.config["process_results"]),
    ),
    "Countdown": (
        "Any expression over exactly the numbers is right if its exact value is the target. It is parsed, never run: "
        "no decimals, no `**`, no `//`, nothing unused or used twice, nothing after it in the box.",
        lambda task: ".countdown_" in str(task.config["process_results"]),
    ),
    "Code": (
        "The code block that defines what the tests call runs in a sandbox, and the tests in another process "
        "([what is guaranteed](evaluation.md#programs)).",
        lambda task: str(task.config["process_results"]).endswith(".program"),
    ),
    "Out of distribution": (
        "Knowledge, reasoning and instructions, to be named in `evaluation.ood`. Words, letters and short lists must "
        "be the same but for capitals, commas and blanks. `ood_reasoning` needs no network.",
        lambda task: str(task.config["process_results"]).endswith((".phrase", ".instructions")),
    ),
    "Pocket": (
        "Generated for the tiny models that ship with the package; one prompt each.",
        lambda task: str(task.config["metadata"]["source"]).startswith("urlvr_bench.pocket"),
    ),
}


def generate(known: Counted) -> str:
    """Return the whole page, with what is known of the published sets."""
    parts, left = [HEAD], [tasks.load(name) for name in tasks.names()]
    for title, (about, belongs) in GROUPS.items():
        parts.append(
            f"## {title}\n\n{about}\n\n| task | what it is | problems | in turn by | version | source | license |\n"
        )
        parts.append("|---|---|---|---|---|---|---|\n")
        parts += [_row(task, known) for task in left if belongs(task)]
        parts.append("\n")
        left = [task for task in left if not belongs(task)]
    if left:
        raise RuntimeError(f"no group of docs/tasks.md takes {', '.join(task.name for task in left)}")
    return "".join(parts).rstrip() + "\n"


def _row(task: tasks.Task, known: Counted) -> str:
    problems = ", ".join(task.splits)
    if task.revisions:
        found = known.get(task.name)
        problems = "; ".join(f"{split} {told(found[split])}" for split in task.splits) if found else UNCOUNTED
    source = f"`{task.source}`"
    if task.revision:
        at = f"https://huggingface.co/datasets/{task.source}/tree/{task.revisions[task.source]}"
        source = f"[{task.source}]({at})"
    stratum = task.config["dataset_kwargs"].get("sources", {}).get("test", {}).get("stratum", "")
    cells = (f"`{task.name}`", task.description, problems, stratum, task.version, source, task.license)
    return f"| {' | '.join(cells)} |\n"


def counted() -> Counted:
    """Return the counts that are kept."""
    found: Counted = json.loads(COUNTS.read_text(encoding="utf-8"))
    return found


def main(arguments: list[str]) -> int:
    """Write the page and the counts, or with `--check` return 1 if one is out of date."""
    known = counted()
    if "--count" in arguments:
        known |= counts.at_hand({name: list(tasks.load(name).splits) for name in tasks.names()})
    text = json.dumps(dict(sorted(known.items())), indent=1) + "\n"
    return generated.keep({COUNTS: text, PAGE: generate(known)}, [one for one in arguments if one != "--count"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
