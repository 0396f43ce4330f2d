"""Write the evaluations of a run in the forms that others read."""

from collections.abc import Sequence
from pathlib import Path

from urlvr_bench.errors import unknown
from urlvr_bench.evaluation import every_eval_ever, lm_eval_form
from urlvr_bench.evaluation.judgements import gather
from urlvr_bench.records import record

FORMATS = ("lm-eval", "every-eval-ever")


def export(path: Path, form: str, out: Path, steps: Sequence[int] = (), organization: str = "unknown") -> list[Path]:
    """Write the evaluations of a record or run in another form; return the files."""
    if form not in FORMATS:
        raise unknown("format", form, FORMATS)
    written: list[Path] = []
    for judgement in gather(path, steps):
        made = (
            lm_eval_form.documents(judgement)
            if form == "lm-eval"
            else every_eval_ever.documents(judgement, organization)
        )
        for name, text in made.items():
            record.write_atomically(out / name, text)
            written.append(out / name)
    return written
