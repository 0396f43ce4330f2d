"""What the records say of studies that compare methods: gains with intervals, who rises, who falls, whose proxy."""

from collections.abc import Callable

from urlvr_bench import protocol
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.gentle_readings import gentle
from urlvr_bench.science import calm
from urlvr_bench.science.claims import Claim, Runs, collapses, ends, listed, mean, runs_each, span, starts, written
from urlvr_bench.science.sharpening import reached
from urlvr_bench.statistics.downfall import MANNERS, downfalls
from urlvr_bench.statistics.intervals import Interval, difference, two_way, wilson
from urlvr_bench.statistics.metrics import evaluation_at, scores
from urlvr_bench.statistics.verdicts import NOISE
from urlvr_bench.studies.summary import moves

HALVES = {"two": "chain_addition_two", "three": "chain_addition_three"}
"""The halves of the pocket's task by how many numbers are added, and what they are called in words."""


def gain(runs: Runs, task: str | None = None) -> Interval:
    """Return the gain in test accuracy over step 0, with its interval."""
    metric = f"avg@{runs[0].protocol.evaluation.samples}"
    return two_way(scores(runs, metric, None, task) - scores(runs, metric, 0, task), (-1.0, 1.0))


def by_method(records: Runs, model: str | None = None, task: str | None = None) -> dict[str, list[Record]]:
    """Return the runs of each method on a model and a training task, or on any."""
    found: dict[str, list[Record]] = {}
    for record in records:
        if model in (None, record.model.name) and task in (None, record.task.name):
            found.setdefault(record.method.id, []).append(record)
    return found


def _ood(records: Runs) -> list[Claim]:
    """Return what each reward does to the half that it is trained on and to the other, in both directions."""
    told, over = [], []
    for name, other in (("two", "three"), ("three", "two")):
        each = []
        for method, runs in by_method(records, task=HALVES[name]).items():
            own, elsewhere = gain(runs, HALVES[name]), gain(runs, HALVES[other])
            each.append(f"`{method}` changes them by {written(own)} and the others by {written(elsewhere)}")
            if method != NOISE:
                over.append(elsewhere)
        told.append(Claim(f"Trained on sums of {name}, {'; '.join(each)}.", bool(each)))
    won, lost = sum(each.low > 0 for each in over), sum(each.high < 0 for each in over)
    open_ = f"; in {len(over) - won - lost} neither is shown" if won + lost < len(over) else ""
    text = (
        f"Trained on one half of the task, a reward raises the other in {won} of {len(over)} pairs of a reward and a "
        f"direction and lowers it in {lost}{open_}."
    )
    return [Claim(text, True), *told, *_of_noise(records)]


def _of_noise(records: Runs) -> list[Claim]:
    """Return whether noise alone moves the policy in each direction, by the criterion for a calm protocol."""
    asked, told = calm.criterion(), []
    for name, task in HALVES.items():
        runs = by_method(records, task=task)
        if {asked.noise, asked.labels} <= set(runs):
            row = calm.row(runs[asked.noise], runs[asked.labels])
            told.append(
                f"on sums of {name} by up to {row['widest']:+.3f}, which is {'calm' if row['calm'] else 'not calm'}"
            )
    text = f"Noise alone moves the mean accuracy {listed(told)}: a change of that size is not yet the reward's doing."
    return [Claim(text, True)] if told else []


def _rise_then_fall(runs: Runs) -> list[Claim]:
    return gentle([run for run in runs if not run.overrides])


def _pressure(runs: Runs) -> list[Claim]:
    """Return, per pressure from the gentlest on, what noise does and how the other rewards' runs fell."""
    found: dict[str, list[Record]] = {}
    for run in runs:
        found.setdefault(_pressed(run), []).append(run)
    told, hacked = [], 0
    for pressure, part in found.items():
        rows = by_method(part)
        noise, manners = rows[NOISE], downfalls(rows)
        hacked += sum(fell.word == "hacked" for fell in manners.values() if fell)
        each = {
            how: [
                f"`{name}` ({mean(rows[name], ends):.2f})"
                for name, fell in manners.items()
                if name != NOISE and fell and fell.word == how
            ]
            for how in MANNERS
        }
        ways = "; ".join(f"{how}: {', '.join(names)}" for how, names in each.items() if names)
        told.append(
            Claim(
                f"{pressure} ({runs_each(part)} each), noise ends at {span(ends(noise))} from "
                f"{mean(noise, starts):.2f}; by the curves of training, {ways}.",
                bool(ways),
            )
        )
    none = "No reward is hacked (its proxy up, the truth down) under any of these pressures: what falls is destroyed."
    return [*told, *([] if hacked else [Claim(none, True)])]


def _pressed(run: Record) -> str:
    """Return in words how much harder than its protocol a run was trained."""
    usual = protocol.load(run.protocol.id).training
    own = run.protocol.training
    if own.steps > usual.steps:
        return f"Trained {own.steps / usual.steps:g} times as long"
    faster = own.learning_rate / usual.learning_rate
    return "At the protocol's own rate" if faster == 1 else f"At {faster:g} times the rate"


def _self_verification(records: Runs) -> list[Claim]:
    """Return what a check from outside, the policy's own check and its certainty do on one kind of puzzle."""
    own, plain = by_method(records, "pocket-countdown"), by_method(records, "pocket-countdown-plain")
    checked, also = gain(own["verifier"]), gain(plain["verifier"])
    others = {name: gain(own[name]) for name in ("self_verification", "majority_vote", "trajectory_entropy")}
    gap = difference(reached(own["self_verification"]), reached(own["trajectory_entropy"]))
    found = "appears" if gap.low > 0 else "is reversed" if gap.high < 0 else "does not appear"
    silent = plain["self_verification"]
    fell = len(collapses(records))
    return [
        Claim(
            f"On unseen puzzles the external checker changes accuracy by {written(checked)}, and by {written(also)} on "
            "the prior that never saw verification. Since every expression that hits the target is right, its runs are "
            "those of the supervised reward: one result, not two.",
            [run.steps.train_accuracy for run in own["verifier"]]
            == [run.steps.train_accuracy for run in own["ground_truth"]],
        ),
        Claim(
            f"Without it, {listed(f'`{name}` changes it by {written(each)}' for name, each in others.items())}.",
            True,
        ),
        Claim(f"That self-verification beats trajectory entropy, as in the paper, {found} ({written(gap)}).", True),
        Claim(
            f"A prior of about the same strength that never saw verification never says yes: in all "
            f"{silent[0].last_step} steps of {len(silent)} runs the reward is zero, which gives nothing to learn from, "
            "and a run that is not told to go on ends there.",
            all(max(run.steps.proxy_reward) == 0 and run.without_signal for run in silent),
        ),
        Claim(f"{fell or 'None'} of the {len(records)} runs collapse{'s' if fell < 2 else ''}.", True),
    ]


def _per_problem(runs: Runs) -> list[Claim]:
    frame = moves(runs)
    own, others = frame[frame["trained"]], frame[~frame["trained"]]
    wrong = own["start"] <= 0.5
    solved = {name: int((part["start"].le(0.5) & part["end"].gt(0.5)).sum()) for name, part in own.groupby("method")}
    total = {name: int(part["start"].le(0.5).sum()) for name, part in own.groupby("method")}
    (one, *_), (out_of, *_) = solved.values(), total.values()
    low, high = wilson(one, out_of)
    return [
        Claim(
            f"Counting a problem as solved where most samples are right, {one} of the {out_of} that were not become "
            f"so, with either reward ({low:.0%} to {high:.0%} of such problems; one run each), and none of those that "
            "were is lost.",
            len(set(solved.values())) == len(set(total.values())) == 1 and bool((own["end"][~wrong] > 0.5).all()),
        ),
        Claim(
            "Every one becomes surer. The paper counts by the greedy answer.",
            bool(((own["end"] - 0.5).abs() > (own["start"] - 0.5).abs()).all()),
        ),
        Claim(
            f"Unlike in the paper it does not help unseen problems: under this pressure their accuracy falls from "
            f"{others['start'].mean():.2f} to {others['end'].mean():.2f}.",
            bool(others["end"].mean() < 0.5 * others["start"].mean()),
        ),
    ]


def fate(record: Record) -> tuple[bool, str]:
    """Return whether the first vote on the trained problem is right, and what training on it alone did to that answer.

    `surer`: it still leads, as often as before or more so; `turned`: most samples give the right one instead.
    """
    place = record.protocol.training.first_prompt or 0
    start, end = evaluation_at(record, 0), evaluation_at(record, record.last_step)
    right = bool(start.votes[place]) and start.votes[place][0][1]
    before, after = ((one.initial or [0] * len(one.correct))[place] for one in (start, end))
    top = end.votes[place][0][0] if end.votes[place] else 0
    if not right and 2 * end.correct[place] > end.n:
        return right, "turned"
    return right, "surer" if after >= max(before, top) else "other"


def _of_problems(name: str, found: list[str]) -> str:
    """Return on how many problems a reward made the leading answer surer, with Wilson's interval."""
    low, high = wilson(found.count("surer"), len(found)) if found else (0.0, 1.0)
    return f"{found.count('surer')} of {len(found)} with {name} (95 %: {low:.0%} to {high:.0%} of such problems)"


def _wrong_problems(runs: Runs) -> list[Claim]:
    fates = {name: [fate(run) for run in part] for name, part in by_method(runs).items()}
    told = []
    for right, kind in ((False, "wrong"), (True, "right")):
        counts = {name: [what for was, what in found if was == right] for name, found in fates.items()}
        each = listed(_of_problems(name, found) for name, found in counts.items())
        text = f"Where the first vote is {kind}, its answer ends as sure or surer on {each}."
        told.append(Claim(text, any(counts.values())))
    turned = sum(what == "turned" for found in fates.values() for _, what in found)
    said = (
        f"{turned} of the runs on a wrong vote end with mostly right samples. In the paper 22 of 25 only sharpen. The "
        "table counts samples instead of votes: a tie is wrong there, and surer is further from one half."
    )
    return [*told, Claim(said, True)]


READINGS: dict[str, Callable[[Runs], list[Claim]]] = {
    "ood": _ood,
    "per-problem": _per_problem,
    "pressure": _pressure,
    "rise-then-fall": _rise_then_fall,
    "self-verification": _self_verification,
    "wrong-problems": _wrong_problems,
}
