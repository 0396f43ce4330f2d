"""What the pocket lab's records say to each study's question, as sentences that fail where the records change."""

from collections.abc import Callable, Mapping

import numpy as np

from urlvr_bench.science.claims import Claim, Runs, collapses, ends, listed, mean, shares, span, starts, told
from urlvr_bench.statistics.collapse import HEADLINE, survival
from urlvr_bench.statistics.metrics import accuracy, evaluation_at
from urlvr_bench.studies import alignment, foretelling, verifying
from urlvr_bench.studies.definition import Study
from urlvr_bench.studies.outcomes import READINGS as OUTCOMES
from urlvr_bench.studies.rungs import priors
from urlvr_bench.studies.summary import arms

CHANCE = 1 / 3
"""That both of two runs collapse before, or both after, two others that are like them."""
Arms = Mapping[str, Runs]
"""The runs of each arm, by what sets its protocol apart or, where that is the model, by the model."""


def reading(study: Study, records: Runs) -> str:
    """Return what a study's records say; a sentence that no longer holds is an error."""
    if study.view in JUDGED:
        return told(JUDGED[study.view](study, records))
    if study.name in BY_RECORDS:
        return told(BY_RECORDS[study.name](records))
    found = arms(study, records)
    settings = {name for _, name, _ in found}
    return told(READINGS[study.name]({name if len(settings) > 1 else cell.model: runs for cell, name, runs in found}))


JUDGED = {"alignment": alignment.reading, "foretelling": foretelling.reading, "verifying": verifying.reading}
"""The readings of the views that are decided by criteria which were fixed before the runs."""


def _dataset_size(found: Arms) -> list[Claim]:
    few, some, *many = found.values()
    steps, larger = few[0].last_step, [step for runs in many for step in collapses(runs)]
    least = survival([HEADLINE.step(run) for run in few], [run.last_step for run in few])
    shown = steps * few[0].protocol.training.prompts_per_step
    return [
        Claim(
            f"In {steps} steps none of the {len(few)} runs on 32 prompts reaches the collapse step, and all on 128 and "
            f"more do, those on 128 later ({listed(collapses(some))}) than the others ({span(larger, 'd')}).",
            not collapses(few) and min(collapses(some)) > max(larger) and all(collapses(runs) for runs in many),
        ),
        Claim(
            f"That is no safety: accuracy on unseen problems falls from {mean(few, starts):.2f} to {shares(ends(few))} "
            f"with 32 prompts as well, and {len(few)} runs do not exclude that up to {least.share_high:.0%} of such "
            "runs collapse.",
            all(end < 0.75 * start for start, end in zip(starts(few), ends(few), strict=True)),
        ),
        Claim(
            f"Among the larger sizes no order shows; {steps} steps see {shown:,} prompts, so that the largest set is "
            "never repeated.",
            shown < 16384 and collapses(many[-1])[0] > collapses(many[1])[0],
        ),
        Claim("Unlike in the paper, 128 prompts collapse.", len(collapses(some)) == len(some)),
    ]


def _hyperparameters(found: Arms) -> list[Claim]:
    default = found["default"]
    first, last = min(collapses(default)), max(collapses(default))
    others = {name: runs for name, runs in found.items() if name != "default"}
    earlier = [name for name, runs in others.items() if len(collapses(runs)) == 2 and max(collapses(runs)) < first]
    later = [name for name, runs in others.items() if all(step > last for step in collapses(runs))]
    survivors = [(name, run) for name, runs in others.items() for run in runs if HEADLINE.step(run) is None]
    (name, run) = survivors[0]
    chance = len(others) * CHANCE
    return [
        Claim(
            f"None is shown to escape: {sum(map(len, others.values())) - 1} of the {sum(map(len, others.values()))} "
            f"runs with another setting collapse within {run.last_step} steps, and the last, with {name}, ends at "
            f"{ends([run])[0]:.2f} on unseen problems, from {starts([run])[0]:.2f}.",
            len(survivors) == 1 and ends([run])[0] < 0.75 * starts([run])[0],
        ),
        Claim(
            f"The default collapses at {listed(collapses(default))}. Both seeds fall before either with "
            f"{listed(earlier)}, after both with {listed(later)}. Two seeds against two part so by chance as well, in "
            f"{chance:.1f} of {len(others)} settings: which of them moves the collapse is not shown.",
            bool(earlier and later) and all(len(runs) == 2 for runs in found.values()),
        ),
    ]


def _test_time(found: Arms) -> list[Claim]:
    stream, few, many = found.values()
    return [
        Claim(
            f"The vote on few of the judged problems does not collapse within {few[0].last_step} steps in any of "
            f"{len(few)} runs, where the vote on a stream of others does ({listed(collapses(stream))}).",
            not collapses(few) and len(collapses(stream)) == len(stream),
        ),
        Claim(
            f"On the {few[0].protocol.training.unique_prompts} problems that they train on they end at "
            f"{shares(_on(few, trained=True))}, from {mean(few, starts):.2f} on all; on the others at "
            f"{shares(_on(few, trained=False))}. So accuracy does not rise and stay, as it does in the paper.",
            max(_on(few, trained=False)) < 0.75 * mean(few, starts) and min(_on(few, trained=True)) < mean(few, starts),
        ),
        Claim(f"With 128 of them it collapses, too ({listed(collapses(many))}).", len(collapses(many)) == len(many)),
    ]


def _on(runs: Runs, trained: bool) -> list[float]:
    """Return the accuracy at the end of each run on the judged problems that it trains on, or on the others."""
    found = []
    for run in runs:
        last, own = evaluation_at(run, run.last_step), run.protocol.training.unique_prompts or 0
        counts = last.correct[:own] if trained else last.correct[own:]  # `first_prompt` is 0
        found.append(sum(counts) / len(counts) / last.n)
    return found


def _wrong_votes(found: Arms) -> list[Claim]:
    whatever, wrong, right = (found[f"initial_vote={kind}"] for kind in ("any", "wrong", "right"))
    labels = [float(np.mean(run.steps.known("label_accuracy")[:5])) for run in wrong]
    every = [*whatever, *wrong, *right]
    later = [accuracy(one) for run in every for one in run.evals if one.step]
    learned = [float(np.mean(run.steps.known("train_accuracy")[:5])) for run in wrong]
    return [
        Claim(
            f"Training on few prompts erodes accuracy on unseen problems whatever their first vote was: from "
            f"{mean(every, starts):.2f} to {mean(whatever, ends):.2f} (any vote), {mean(wrong, ends):.2f} (wrong) and "
            f"{mean(right, ends):.2f} (right); no evaluation shows the small rise that the paper sees on wrong votes.",
            max(later) < min(starts(every)),
        ),
        Claim(
            f"The comparison with the paper is loose: here {span(labels)} of the labels of the first 5 steps on wrong "
            "prompts are right, there next to none.",
            min(labels) > 0.1 and max(labels) < 0.3,
        ),
        Claim(
            f"These runs also start nearer to the line of collapse (train accuracy {span(learned)}), so that their "
            "collapse steps say little; their accuracy on unseen problems ends no lower than that of the others.",
            max(learned) < 0.25 and mean(wrong, ends) >= max(mean(whatever, ends), mean(right, ends)),
        ),
    ]


READINGS: dict[str, Callable[..., list[Claim]]] = {
    "dataset-size": _dataset_size,
    "hyperparameters": _hyperparameters,
    "test-time-training": _test_time,
    "wrong-votes": _wrong_votes,
}
BY_RECORDS = {**OUTCOMES, "priors": priors}
"""Those that look beyond the runs of single arms."""
