"""The lm-eval model that gives stored samples back, so that they can be scored again without a language model."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from lm_eval.api.instance import Instance
from lm_eval.api.model import LM

from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.samples import Drawn, Sample, stored


def replayed(path: Path) -> "Replay":
    """Return the model that gives back what an evaluation left in `<task>.jsonl`."""
    return Replay({(path.stem, row["id"]): samples for row, samples, _ in stored(path)})


class Replay(LM):
    """Answers with stored samples, by task and problem id."""

    drawn: Drawn

    def __init__(self, samples: Mapping[tuple[str, str], Sequence[Sample]]) -> None:
        super().__init__()
        self.samples, self.drawn = samples, {}

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Return the stored samples; a request with more clones than samples is an error."""
        self.drawn = defaultdict(list)
        texts = []
        for request in requests:
            given = self.drawn[request.task_name, request.doc_id]
            stored = self.samples.get((request.task_name, request.doc["id"]), ())
            if len(given) == len(stored):
                problem = f"problem {request.doc['id']} of {request.task_name}"
                raise UsageError(f"{problem} has {len(stored)} stored samples, but {request.repeats} are asked for")
            given.append(stored[len(given)])
            texts.append(given[-1].text)
        return texts

    def loglikelihood(self, requests: list[Instance]) -> list[tuple[float, bool]]:
        """Samples have no likelihood."""
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: list[Instance]) -> list[float]:
        """Samples have no likelihood."""
        raise NotImplementedError
