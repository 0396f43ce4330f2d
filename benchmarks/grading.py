"""Graded answers per second: `python benchmarks/grading.py [--quick] [--json FILE]`.

Answers are fractions, roots and polynomials written in different ways, right and wrong, boxed as models write them.
Compared are our scorer and math-verify called serially, in one run: on 10,100 answers of which 20 are different, as
the samples of a few problems over the checkpoints of a run, and on distinct ones. Those are rates per second of
processor time, our child processes' included. Two workers are compared with one by the clock, for which two cores
must be free. With URLVR_TEST_DATA, a folder with published problems, it also says what share of their gold answers
cannot be read exactly and reaches math-verify.
"""

import json
import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from math_verify import LatexExtractionConfig, parse, verify
from report import Tables, report

from urlvr_bench import tasks
from urlvr_bench.tasks import answers, latex
from urlvr_bench.tasks.answer import Answer
from urlvr_bench.verifiers import grading

Pair = tuple[str, str]
"""Gold answer and completion."""
FORMS = (
    (r"\frac{{{a}\sqrt{{{b}}}}}{{{c}}}", r"\frac{{{a}}}{{{c}}}\sqrt{{{b}}}"),
    (r"{a}x^2+{b}x+{c}", r"{c}+{b}x+{a}x^2"),
    (r"({a},\frac{{{b}}}{{{c}}})", r"({a},\frac{{{b}}}{{{c}}})"),
    (r"{a}\pi+{b}", r"{b}+{a}\pi"),
    (r"\sqrt{{{a}}}+{b}", r"{b}+\sqrt{{{a}}}"),
)


def pairs(number: int, seed: int) -> list[Pair]:
    """Return so many different pairs; every third answer is wrong."""
    rng, found = random.Random(seed), {}
    while len(found) < number:
        gold, answer = rng.choice(FORMS)
        a, b, c = rng.sample(range(2, 400), 3)
        wrong = len(found) % 3 == 0
        values = {"a": a, "b": b, "c": c}
        text = answer.format(**(values | {"b": b + 1} if wrong else values))
        found[gold.format(**values), rf"Therefore the answer is \boxed{{{text}}}."] = None
    return list(found)


def used() -> float:
    """Return the processor time that this process and the children that compare formulas have used, seconds."""
    pids = [judge._process.pid for judge in grading._judges.idle if judge._process is not None]
    return time.process_time() + sum(map(spent, pids))


def spent(pid: int) -> float:
    """Return the processor time of a child, of those that it has waited for and of its own children, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    forks = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(spent(int(fork)) for fork in forks)


def ours(asked: Sequence[Pair], workers: int, clock: Callable[[], float] = used) -> float:
    """Return seconds for grading all pairs by the scorer of mathematics."""
    scorer = tasks.load("math500").scorer
    begun = clock()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda pair: scorer.correct({"gold": pair[0]}, pair[1]), asked))
    return clock() - begun


def serial(asked: Sequence[Pair]) -> float:
    """Return seconds for the same by math-verify, one pair after the other."""
    config = [LatexExtractionConfig(boxed_match_priority=0, try_extract_without_anchor=False)]
    begun = used()
    for gold, completion in asked:
        verify(parse(rf"\boxed{{{gold}}}", config), parse(completion, config))
    return used() - begun


def clustered() -> list[dict[str, Any]]:
    """Return milliseconds for putting 64 different answers of one problem into classes: first, and seen before."""
    scorer, rows = tasks.load("math500").scorer, []
    formulas = [answer for pair in pairs(96, seed=9) if (answer := scorer.answer(pair[1]))]
    for what, given in (("formulas", formulas), ("numbers", [str(number) for number in range(64)])):
        different = [*dict.fromkeys(given)][:64]
        for when in ("first", "seen before"):
            begun = used()
            number = len({*scorer.classes(different).values()})
            rows.append({"64 answers": what, "": when, "classes": number, "ms": round(1e3 * (used() - begun), 2)})
    return rows


def formulaic(answer: Answer) -> bool:
    """Return whether an answer, or a part of it, is left to math-verify."""
    return answer.kind in ("formula", "equation") or any(map(formulaic, answer.parts))


def reached(folder: Path) -> list[dict[str, Any]]:
    """Return for each set in a folder how many of its gold answers are left to math-verify, and what share that is."""
    found = []
    for path in sorted(folder.glob("*/*.jsonl")):
        published = [json.loads(line) for line in path.read_text().splitlines()]
        texts = [row.get("final_answer") or row.get("answer") or row.get("solution") for row in published]
        if None in texts:
            continue  # programs
        golds = [", ".join(text) if isinstance(text, list) else str(text).rpartition("####")[2] for text in texts]
        read = [answer for text in golds if (answer := answers.read(latex.last_box(text) or text.strip()))]
        asked = sum(map(formulaic, read))
        row = {"gold answers": path.parent.name, "split": path.stem, "number": len(read)}
        found.append(row | {"to math-verify": asked, "share, %": 100 * asked / len(read)})
    return found


def measure(quick: bool) -> Tables:
    distinct = 300 if quick else 2000
    with ThreadPoolExecutor(2) as pool:  # start two children, which every later row uses or leaves idle
        list(pool.map(grading.equivalent, ["a+b", "b+c"] * 8, [f"c+{i}" for i in range(16)]))
    problems = pairs(20, seed=1)
    repeated = problems * 505
    random.Random(2).shuffle(repeated)
    rows: list[dict[str, Any]] = []

    def add(what: str, who: str, number: int, seconds: float) -> float:
        rows.append({"answers": what, "by": who, "number": number, "answers/s": round(number / seconds)})
        return number / seconds

    plain = add("distinct", "math-verify, serial", distinct, serial(pairs(distinct, seed=3)))
    half = add("distinct", "ours", distinct, ours(pairs(distinct, seed=4), 1))
    one, two = (
        add(
            "distinct, by the clock", f"ours, {n} workers", distinct, ours(pairs(distinct, 4 + n), n, time.perf_counter)
        )
        for n in (1, 2)
    )
    many = add("20 repeated", "ours", len(repeated), ours(repeated, 1))
    again = add("20 seen before", "ours", len(repeated), ours(repeated, 1))
    few = add("20 repeated", "math-verify, serial", 100, serial(repeated[:100]))
    ratios = {"repeated, ours / math-verify": many / few, "seen before, ours / math-verify": again / few}
    ratios |= {"distinct, ours / math-verify": half / plain, "distinct, 2 workers / 1": two / one}
    folder = os.environ.get("URLVR_TEST_DATA")
    golds = {"golds": reached(Path(folder))} if folder else {}
    return {"rates": rows, "ratios": ratios, "classes": clustered(), **golds}


if __name__ == "__main__":
    report(__doc__, measure)
