"""What the records of a calm protocol say: noise stays, labels move, and what the rewards do is their own doing."""

from collections.abc import Sequence

import numpy as np

from urlvr_bench import protocol
from urlvr_bench.presentation.rendering import Table
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.summary import summaries
from urlvr_bench.science import calm
from urlvr_bench.science.claims import Claim, Runs, collapses, ends, listed, mean, span, starts, written
from urlvr_bench.science.sharpening import reached
from urlvr_bench.statistics.cells import cells, different
from urlvr_bench.statistics.collapse import step_curve
from urlvr_bench.statistics.intervals import two_way

FEWEST_SEEDS = 3
"""Seeds that a criterion is put to, and that a method needs to stand in README."""
NOISE, LABELS = calm.criterion().noise, calm.criterion().labels


def gentle(records: Sequence[Record]) -> list[Claim]:
    """Return who holds and who falls under a calm protocol, over the runs of one model and task."""
    (runs,) = cells(records).values()
    (summary,) = summaries(records)
    words = {line.method: line.verdict.word for line in summary.lines if line.role == "contender"}
    distinct = different({name: runs[name] for name in words})
    words = {name: word for name, word in words.items() if name in distinct}
    held = [name for name, word in words.items() if word == "rose and held"]
    fell = {line.method: line.verdict for line in summary.lines if words.get(line.method) == "rose, then fell"}
    noise, taught = runs[NOISE], runs[LABELS]
    drift, lift = map(_gain, (noise, taught))
    courses = listed(
        f"`{name}` to {each.peak:.2f} at step {each.peak_step} and then to {span(ends(runs[name]))} by seed"
        for name, each in fell.items()
    )
    return [
        Claim(
            f"Noise leaves the policy where it was: rewarded at random it changes by {drift} from "
            f"{mean(noise, starts):.2f}, with labels by {lift}. What another reward changes beyond that is "
            "its own doing.",
            bool(calm.row(noise, taught)["calm"]),
        ),
        Claim(
            f"{listed(f'`{name}`' for name in held)} rise and end at "
            f"{span(end for name in held for end in ends(runs[name]))}.",
            "majority_vote" in held,
        ),
        Claim(f"{len(fell)} of {len(words)} different label-free rewards rise and then fall: {courses}.", bool(fell)),
        _proxy_up({name: _proxies(runs[name]) for name in fell}),
        _first_version(taught[0]),
    ]


def real(records: Sequence[Record]) -> list[Claim]:
    """Return what became of a real language model at the low rate, over the runs of one task."""
    (runs,) = cells(records).values()
    asked, noise, taught = calm.criterion(), *(runs.get(name, []) for name in (NOISE, LABELS))
    said = []
    if noise and taught:
        row = calm.row(noise, taught)
        broken = row["lowest"] < asked.least  # which one seed is enough to show
        judged = "calm" if row["calm"] else "not calm"
        judged = judged if len(noise) >= FEWEST_SEEDS or broken else "not to be told from so few"
        said = [
            f"Rewarded at random ({_seeds(noise)}) the mean accuracy goes no further than {row['widest']:+.3f} from "
            f"the {row['start']:.2f} of step 0 at any evaluation, and no seed below {row['lowest']:.0%} of its start; "
            f"labels ({_seeds(taught)}) close {row['closed']:.0%} of the headroom. By the criterion that was fixed "
            f"before (at most {asked.within:g}, at least {asked.least:.0%} and {asked.closes['desk']:.0%}) this is "
            f"{judged}."
        ]
    blind = {name: group for name, group in runs.items() if not group[0].method.uses_labels and name != NOISE}
    gains = (f"`{name}` {_gain(group)} ({_seeds(group)})" for name, group in blind.items())
    if blind:
        said.append(f"From the start to the end, rewards without labels change the accuracy by: {listed(gains)}.")
    return [Claim(text, True) for text in said]


def moved_by_noise(records: Sequence[Record], tables: Sequence[Table]) -> list[Claim]:
    """Return under which protocols noise alone moves a policy; `tables` are of kind `calm`."""
    rows = [(each.title.split()[1], row) for each in tables for row in each.frame.to_dict("records")]
    calm_ones = [f"`{name}` ({row['model']})" for name, row in rows if row["calm"]]
    moved = [
        f"`{name}` ({row['model']}, {row['start']:.2f} to {row['noise_end']:.2f})"
        for name, row in rows
        if not row["calm"]
    ]
    told = []
    if moved:
        told.append(Claim(f"Under {listed(moved)} it does, so that a fall there is not yet the reward's doing.", True))
    if calm_ones:
        told.append(Claim(f"Under {listed(calm_ones)} it does not.", True))
    plain = [one for one in records if not one.overrides]
    return told + _judged_elsewhere(records) + _beside_votes_alone(plain)


def _judged_elsewhere(records: Sequence[Record]) -> list[Claim]:
    """Return where noise moves a policy in runs that changed what is judged, and nothing of the training."""
    told = []
    for cell, runs in cells([one for one in records if one.overrides]).items():
        noise, taught = runs.get(NOISE, []), runs.get(LABELS, [])
        if cell.main and noise and taught and all(key.startswith("evaluation.") for key in noise[0].overrides):
            row = calm.row(noise, taught)
            if not row["calm"]:
                named = f"{row['model']} on {cell.task}, trained as `{noise[0].protocol.id}` trains"
                told.append(f"{named} ({row['start']:.2f} to {row['noise_end']:.2f}, {_seeds(noise)})")
    return [Claim(f"A weaker prior it moves there too: {listed(told)}.", True)] if told else []


def _seeds(runs: Runs) -> str:
    return f"{len(runs)} seed{'s' if len(runs) > 1 else ''}"


def _gain(runs: Runs) -> str:
    return written(two_way(reached(runs) - reached(runs, 0), (-1.0, 1.0)))


def _beside_votes_alone(records: Sequence[Record]) -> list[Claim]:
    """Return what noise does under protocols that no labels were trained under, and when, beside the vote."""
    asked, told, grouped = calm.criterion(), list[tuple[str, str]](), cells(records)
    taught = {cell.protocol for cell, runs in grouped.items() if {asked.noise, asked.labels} <= set(runs)}
    for cell, runs in grouped.items():
        if cell.main and asked.noise in runs and cell.protocol not in taught:
            noise, vote = runs[asked.noise], runs.get("majority_vote", [])
            course = f"{cell.model} from {mean(noise, starts):.2f} to {mean(noise, ends):.2f} ({len(noise)} runs"
            fell = [f"{name} collapses at {listed(steps)}" for name, steps in _collapses(noise, vote) if steps]
            told.append((cell.protocol, f"{'; '.join([course, *fell])})"))
    return [
        Claim(
            f"Under `{name}`, where labels were not trained, noise takes "
            f"{listed(text for other, text in told if other == name)}: that a policy falls there, and when, is not the "
            "reward's doing alone.",
            True,
        )
        for name in dict.fromkeys(name for name, _ in told)
    ]


def _collapses(noise: Runs, vote: Runs) -> list[tuple[str, list[int]]]:
    return [("noise", collapses(noise)), ("the vote", collapses(vote))]


def _proxy_up(proxies: dict[str, tuple[float, float]]) -> Claim:
    hacked = [f"`{name}`" for name, (top, end) in proxies.items() if end > top]
    others = [f"`{name}`" for name, (top, end) in proxies.items() if end <= top]
    text = (
        f"{listed(hacked)} pay{'s' if len(hacked) == 1 else ''} more at the end than where accuracy was highest: proxy "
        "up, truth down, as in the paper"
    )
    rest = f"; {listed(others)} do{'es' if len(others) == 1 else ''} not" if others else ""
    return Claim(f"{text}{rest}.", bool(hacked))


def _first_version(taught: Record) -> Claim:
    now, before = taught.protocol.training, protocol.load("pocket@1").training
    faster, smaller = before.learning_rate / now.learning_rate, before.rows / now.rows
    return Claim(
        "The protocol's first version, `pocket@1`, has "
        f"{faster:.1f} times the learning rate and batches of {smaller:.0%} of the size; "
        "`urlvr-bench table results --kind calm` shows what noise alone does under both.",
        faster > 1 > smaller,
    )


def _proxies(runs: Runs) -> tuple[float, float]:
    """Return the mean proxy reward of runs where their train accuracy was highest, and at their end (5-step means)."""
    truths, proxies = ([step_curve(run, name)[1] for run in runs] for name in ("train_accuracy", "proxy_reward"))
    top = np.mean([proxy[int(truth.argmax())] for truth, proxy in zip(truths, proxies, strict=True)])
    return float(top), float(np.mean([proxy[-1] for proxy in proxies]))
