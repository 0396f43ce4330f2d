"""Keep a few of the judged samples of a finished run beside its record, before its folder is thrown away."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from urlvr_bench.records import excerpts, record
from urlvr_bench.records.excerpts import Excerpts, Problem, Said, Text
from urlvr_bench.records.record import Record, short_hash
from urlvr_bench.statistics.collapse import eval_curve, rise_and_fall


def finish(folder: Path, done: Record) -> None:
    """Write the record of a run folder, and before it, since it says that nothing is left to do, the texts."""
    path = folder / "record.json"
    if found := of_folder(folder, done, short_hash(record.text(done))):
        found.write(path)
    record.write(done, path)


def collect(folders: Sequence[Path], out: Path) -> list[Path]:
    """Put the texts of finished runs beside their records under `out`; return where they lie there.

    Runs that were finished before texts were kept have them made from what was judged, where that is still there.
    """
    placed = []
    for path in record.find(list(folders)):
        if not (Excerpts.beside(path).exists() or (path.parent / "evals").is_dir()):
            continue
        loaded = record.load(path)
        target = out / loaded.record.path
        if target.is_file() and record.read(target) == loaded.record:
            digest = short_hash(record.contents(target))  # other bytes where the run was written by older code
            found = Excerpts.read(path, loaded.content) or of_folder(path.parent, loaded.record, digest)
            placed += [found.model_copy(update={"record_sha256": digest}).write(target)] if found else []
    return placed


def of_folder(folder: Path, done: Record, digest: str) -> Excerpts | None:
    """Return the texts of a run folder; `digest` is that of the record's bytes."""
    task = done.judged
    if not task:
        return None
    steps, values = eval_curve(done, task)
    peak = rise_and_fall(steps, values).peak_step
    told = sorted({steps[0], peak, steps[-1]})
    stores = {step: folder / "evals" / f"step-{step:06d}" / f"{task}.jsonl" for step in told}
    if not all(store.is_file() for store in stores.values()):
        return None
    rows = {step: _first(store) for step, store in stores.items()}
    problems = [
        Problem(
            id=_short(str(at_start["id"])),
            prompt=_short(at_start["prompt"]),
            said=[Said(step=step, samples=[_text(one) for one in rows[step][i]["samples"]]) for step in stores],
        )
        for i, at_start in enumerate(rows[steps[0]])
    ]
    return Excerpts(record_sha256=digest, task=task, peak=peak, problems=problems)


def _first(store: Path) -> list[dict[str, Any]]:
    """Return the first problems of a file of judged samples, each with its first samples."""
    with store.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for _, line in zip(range(excerpts.PROBLEMS), lines, strict=False)]
    return [{**row, "samples": row["samples"][: excerpts.SAMPLES]} for row in rows]


def _text(sample: dict[str, Any]) -> Text:
    text, cut = excerpts.kept(sample["text"])
    answer = None if sample["answer"] is None else _short(str(sample["answer"]))
    return Text(text=text, answer=answer, correct=sample["correct"], tokens=sample["tokens"], cut=cut)


def _short(text: str) -> str:
    return excerpts.kept(text)[0]
