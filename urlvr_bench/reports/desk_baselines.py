"""What the desk lab's model can before training, and what it was asked: a section of docs/desk.md and of the site."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from tabulate import tabulate

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.records.measured import Real, Short
from urlvr_bench.reports.desk_texts import code
from urlvr_bench.reports.readme import filled

FILE = "desk-baselines.json"
"""In a folder of results, the rows that benchmarks/desk_baselines.py adds."""
JUDGED = "desk-judging.json"
"""In a folder of results, the rows that benchmarks/desk_judging.py adds."""
PLAIN, NATIVE = "words", "words_native"
"""The same problems after solved lines, and as questions in the chat template."""
Baseline = dict[str, Any]
"""One evaluation of the untrained model: every metric with the ends of its interval."""
ROWS: TypeAdapter[list[Baseline]] = TypeAdapter(list[dict[Short, int | Real | Short]])


def rows_of(folder: Path, file: str) -> list[Baseline]:
    """Return the rows of a file in a folder of results; none where there is no such file."""
    path = folder / file
    if not path.is_file():
        return []
    try:
        return ROWS.validate_json(record.contents(path))
    except ValidationError as error:
        raise UsageError(f"{path}: {error.errors()[0]['msg']}; delete it and run `make desk-baselines`") from error


def before(baselines: Sequence[Baseline]) -> Iterator[str]:
    """Tell what the untrained model can, and how it was asked."""
    if not baselines:
        return
    yield "## Before any training"
    rows = []
    for one in baselines:
        row = {"asked": one["asked"], "problems": one["problems"], "samples": one["samples"]}
        row |= {name: _interval(one, name) for name in one if f"{name} low" in one}
        rows.append({**row, "unparsed": f"{one['unparsed']:.2f}"})
    yield _grid(rows)
    by_name = {one["asked"]: one for one in baselines}
    first, greedy = baselines[0], by_name[f"{PLAIN}, greedy"]
    vote = max((name for name in first if name.startswith("maj@") and " " not in name), key=lambda name: int(name[4:]))
    yield filled(
        "Share of right answers with its 95 % interval over problems. `make desk-baselines` measures them. The "
        f"untrained model's vote of {vote[4:]} samples is right on {first[vote]:.2f} of the problems and its greedy "
        f"answer on {greedy['pass@1']:.2f}: a reward that only sharpens what the model believes cannot be expected to "
        "lift single samples much above that."
    )
    if native := by_name.get(f"{NATIVE}, greedy"):
        yield filled(_beside(greedy, native))
    yield "What each task asks, by its first test problem (a stroke ends a line):"
    yield _grid([_asked(name) for name in dict.fromkeys(str(one["task"]) for one in baselines)])


def _beside(plain: Baseline, native: Baseline) -> str:
    """Return what the same problems give without solved lines."""
    given, alone = plain["pass@1"], native["pass@1"]
    apart = native["pass@1 high"] < plain["pass@1 low"] or plain["pass@1 high"] < native["pass@1 low"]
    return (
        f"`{NATIVE}` asks the same problems as a user would, in the model's own chat template and without solved "
        f"lines; what its first sentence states is the answer, by a reading that was widened on the 8-sample answers "
        f"themselves, in favour of this row. So asked, the greedy answer is right on {alone:.2f}, "
        f"after solved lines on {given:.2f}; their intervals {'do not meet' if apart else 'meet'}. Training and "
        "judging go by the solved lines."
    )


def _asked(name: str) -> dict[str, str]:
    task = tasks.load(name)
    prompt = task.prompt(task.docs("test")[0])
    how = "a turn of the chat template" if task.chats("a template") else "plain text"
    return {"task": name, "asked as": how, "first problem": code(" / ".join(prompt.splitlines()))}


def _interval(one: Baseline, name: str) -> str:
    return f"{one[name]:.2f} [{one[f'{name} low']:.2f}, {one[f'{name} high']:.2f}]"


def _grid(rows: Sequence[dict[str, Any]]) -> str:
    return str(tabulate(rows, headers="keys", tablefmt="pipe", disable_numparse=True))


def judging(rows: Sequence[Baseline]) -> Iterator[str]:
    """Tell whether the untrained models can judge, where a method asks them to."""
    if not rows:
        return
    yield "## Whether they can judge"
    yield _grid(
        [
            {
                "model": one["model"],
                "method": one["method"],
                "task": one["task"],
                "problems": one["problems"],
                "replies with a box": f"{one['boxed']} of {one['questions']}",
                "right paid more": f"{one['apart']} of {one['problems']}",
                "pays the right": f"{one['right']:.2f}",
                "pays the wrong": f"{one['wrong']:.2f}",
            }
            for one in rows
        ]
    )
    boxed, asked, apart, shown = (
        sum(int(one[key]) for one in rows) for key in ("boxed", "questions", "apart", "problems")
    )
    yield filled(
        "Methods that ask the policy, shown two right answers and a wrong one to each of the first test problems; the "
        f"untrained model's likeliest replies, of up to {rows[0]['tokens']} tokens, to the questions of a training. "
        f"{boxed} of {asked} hold the box that is asked for, and the right answer is paid more than the wrong one for "
        f"{apart} of {shown} "
        "problems. Where a judge tells nothing apart, what its method pays says nothing of what is right. "
        "`make desk-baselines` measures it."
    )
