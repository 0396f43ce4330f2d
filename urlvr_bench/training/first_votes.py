"""Choose training problems by the start model's own vote on them: those that it gets wrong, or right."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from urlvr_bench.evaluation.evaluate import judge, undisturbed
from urlvr_bench.evaluation.sampling import Sampler, load
from urlvr_bench.protocol import Run
from urlvr_bench.settings import validated_evaluation
from urlvr_bench.tasks import Doc, Task
from urlvr_bench.training.schedule import Choose

SAMPLES = 64
"""Votes per problem, as in the study (its maj@64)."""
CHUNK = 64
"""Problems looked at together."""


def choose(run: Run, start: str, task: Task, docs: Sequence[Doc], folder: Path) -> Choose:
    """Return the choice of the problems whose initial vote is as the run's protocol says.

    The votes are sampled as rollouts are, with numbers that the run's seed fixes. A tied vote is wrong unless every
    answer of the tie is right.
    """
    training, evaluation = run.protocol.training, run.protocol.evaluation
    spec = validated_evaluation(
        every=1,
        problems=CHUNK,
        samples=SAMPLES,
        max_tokens=training.max_completion_tokens,
        temperature=training.temperature,
        batch_size=evaluation.batch_size,
    )

    def chosen(offered: Sequence[int]) -> Iterator[int]:
        with undisturbed():
            model, tokenizer = load(start, None, training.precision)
            chat = task.chats(tokenizer.chat_template)
            store = folder / "first_votes"
            lm = Sampler(model, tokenizer, spec.batch_size, sample_seed=run.seed, add_bos_token=False if chat else None)
        for start_of_part in range(0, len(offered), CHUNK):
            part = offered[start_of_part : start_of_part + CHUNK]
            with undisturbed():
                [found] = judge(lm, [task], [[docs[i] for i in part]], 0, spec, store, chat=chat)
            for i, votes in zip(part, found.counts.votes, strict=True):
                if is_right(votes) == (training.initial_vote == "right"):
                    yield i

    return chosen


def is_right(votes: Sequence[tuple[int, bool]]) -> bool:
    """Return whether the most common answer is right; `votes` holds each answer's count and whether it is right."""
    most = max((count for count, _ in votes), default=0)
    return most > 0 and all(right for count, right in votes if count == most)
