"""Keep the five answers at the top of README.md true: one sentence per question, made of the records.

`python -m urlvr_bench.studies.in_short` writes them, `--check` fails where they are stale.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from urlvr_bench.models import pretraining_of
from urlvr_bench.presentation import generated
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.ends_readings import PUSHED
from urlvr_bench.reports.gentle_readings import FEWEST_SEEDS
from urlvr_bench.reports.readme import DESK, DESK_GENTLE, GENTLE, VOTE, filled, repeated
from urlvr_bench.reports.stopping_told import compared
from urlvr_bench.reports.summary import summaries
from urlvr_bench.science import alignment, calm, foretelling, stopping, verifying
from urlvr_bench.science.claims import collapses, ends, listed, mean, runs_each, span
from urlvr_bench.statistics.cells import cells, different
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.stopping.known import RECOMMENDED
from urlvr_bench.stopping.known import load as rule
from urlvr_bench.studies import definition
from urlvr_bench.studies.foretelling import halves

ROOT = Path(__file__).parents[2]


def block(known: Sequence[Record]) -> str:
    """Return the answers as a list, each with a link to what it rests on."""
    answers = (_rising(known), _aligned(known), _foretold(known), _stopped(known), _verified(known))
    return "\n".join(filled(f"- {answer}").replace("\n", "\n  ") for answer in answers if answer) + "\n"


def _rising(known: Sequence[Record]) -> str:
    records = repeated(known, GENTLE)
    (found,), (runs,) = summaries(records), cells(records).values()
    every = {line.method: line.verdict.word for line in found.lines if line.role == "contender"}
    words = {name: every[name] for name in different({name: runs[name] for name in every})}
    held, fell = (list(words.values()).count(word) for word in ("rose and held", "rose, then fell"))
    sank = [f"`{name}`" for name, word in words.items() if word == "fell"]
    others = f"; {listed(sank)} only {'falls' if len(sank) == 1 else 'fall'}" if sank else ""
    head = "It rises, and may fall" if fell else "It rises"
    asked = calm.criterion()
    lines = [runs[name] for name in (asked.noise, asked.labels) if name in runs]
    gently = "so gently that noise moves nothing" if len(lines) == 2 and calm.row(*lines)["calm"] else ""
    seeds, first = span(map(len, runs.values()), "d"), records[0]
    vote = scores(next(iter(runs.values())), f"maj@{first.protocol.evaluation.samples}", 0).mean()
    return (
        f"**{head}.** Trained {gently or f'under `{GENTLE}`'} ({first.model.name}, whose untrained vote is right on "
        f"{vote:.0%}; {first.last_step} steps, {seeds} seeds each), {held} of {len(words)} different rewards without "
        f"labels (equal runs count once) keep what they win and {fell} lose it again{others} ([rise, then "
        f"fall](docs/studies/rise-then-fall.md)).{_pushed(known, first.model.name)}{_real(known)}"
    )


def _real(known: Sequence[Record]) -> str:
    """Return how many rewards rose and fell on the real model, at both rates, if there are runs of that."""
    told, model = [], ""
    for name, how in ((DESK_GENTLE, "at a low rate"), (DESK, "pressed hard")):
        records = repeated(known, name)
        for found in summaries(records):
            words = Counter(line.verdict.word for line in found.lines if line.role == "contender")
            counts = ", ".join(f"{count} {word}" for word, count in words.items())
            told.append(f"{how} (`{name}`), of {words.total()} rewards {counts}")
            model = records[0].model.name
    return f" On {model}, a real language model: {'; '.join(told)}.{_moved(known)}" if told else ""


def _moved(known: Sequence[Record]) -> str:
    """Return which real models noise alone moves at the low rate, and what the vote and the labels do there."""
    told, asked = [], calm.criterion()
    for cell, runs in cells([one for one in known if one.protocol_id == DESK_GENTLE]).items():
        noise, taught, votes = (runs.get(name, []) for name in (asked.noise, asked.labels, VOTE))
        enough = min(map(len, (noise, taught, votes))) >= FEWEST_SEEDS
        if enough and not (row := calm.row(noise, taught))["calm"]:
            told.append(
                f"{cell.model} from {row['start']:.2f} to {row['noise_end']:.2f} (its votes to "
                f"{mean(votes, ends):.2f}, labels to {row['label_end']:.2f}; "
                f"{runs_each([*noise, *taught, *votes])} each)"
            )
    return f" Noise alone takes, under `{DESK_GENTLE}`, {listed(told)}." if told else ""


def _pushed(known: Sequence[Record], model: str) -> str:
    """Return what becomes of the vote on a model where it is pushed hard, if there are runs of that."""
    hard = [one for one in known if one.protocol_id == PUSHED and one.model.name == model]
    votes, noise = ([one for one in hard if one.method.id == name] for name in (VOTE, calm.criterion().noise))
    if not votes:
        return ""
    told = f" Pushed hard (`{PUSHED}`), the vote collapses on it in {len(collapses(votes))} of {len(votes)} runs"
    return told + (f", noise in {len(collapses(noise))} of {len(noise)}." if noise else ".")


def _aligned(known: Sequence[Record]) -> str:
    study = definition.load("alignment")
    if not (records := study.answered(known)):
        return ""
    found = alignment.verdicts(records, alignment.Criteria.model_validate(study.criteria))
    last = [one for one in found if one.step == max(each.step for each in found)]
    following = [one for one in last if one.follows]
    priors = span((one.priors for one in last), "d")
    where = f"([alignment](docs/studies/alignment.md), {priors} priors, {runs_each(records)} each)."
    if not following:
        return f"**The prior does not tell how far.** None of {len(last)} rewards follows the votes of step 0 {where}"
    return (
        f"**The better the first votes, the larger the gain, for {len(following)} of {len(last)} rewards.** "
        f"{listed(f'`{one.method}`' for one in following)} gain in {last[0].step} steps in the order of the votes of "
        f"step 0 (rank correlation {span(one.order.value for one in following)}); from loss to gain they turn where "
        f"{span((one.turn.value for one in following), '.0%')} [{min(one.turn.low for one in following):.0%}, "
        f"{max(one.turn.high for one in following):.0%}] of the first votes are right {where}"
    )


def _foretold(known: Sequence[Record]) -> str:
    study = definition.load("kinds")
    if not (records := study.answered(known)):
        return ""
    probed, taught = halves(records)
    row = foretelling.foretold(probed, taught).iloc[0].to_dict()
    families = len(set(map(pretraining_of, probed)))
    asked = foretelling.Criteria.model_validate(study.criteria)
    met = foretelling.meets(row, asked)
    return (
        f"**The step of collapse {'foretells' if met else 'is not shown to foretell'} how much labels add**: rank "
        f"correlation {row['spearman']:.2f} [{row['spearman_low']:.2f}, {row['spearman_high']:.2f}] with the "
        f"supervised gain over {row['priors']} priors of {families} pre-trainings, where {asked.spearman:g} was asked "
        "([kinds](docs/studies/kinds.md))."
    )


def _stopped(known: Sequence[Record]) -> str:
    if not (judged := stopping.runs_of(known, stopping.split().judge)):
        return ""
    picked = stopping.applied(rule(RECOMMENDED), judged)
    saved, won = (stopping.change(picked, [getattr(run, end) for run in picked.runs]) for end in ("last", "first"))
    if not saved.low > 0:
        return (
            f"**Train to the end.** To stop by the rule `{RECOMMENDED}` gains {saved.mean:.2f} [{saved.low:.2f}, "
            f"{saved.high:.2f}] ([when to stop](docs/stopping.md))."
        )
    head = "Stop early" if won.low > 0 else "To stop early limits the loss"
    return (
        f"**{head}.** In {picked.blind_groups} groups of runs of the pocket lab the rule "
        f"`{RECOMMENDED}`, which needs no label, picks checkpoints that are {compared(picked)}.{_since(known)} [When "
        "to stop](docs/stopping.md) compares the rules."
    )


def _since(known: Sequence[Record]) -> str:
    """Return what the rule does in the runs of a real language model, where there are some."""
    told = ""
    for part in stopping.split().since:
        runs = stopping.runs_of(known, [part])
        found = stopping.applied(rule(RECOMMENDED), runs)
        if any(found.early):
            told += f" Under {part.name}, they are {compared(found)}."
    return told


def _verified(known: Sequence[Record]) -> str:
    study = definition.load("verifier-quality")
    if not (records := study.answered(known)):
        return ""
    criteria, found = verifying.Criteria.model_validate(study.criteria), verifying.priors(records)
    escaping = [one for one in found if one.verdict(criteria) == "escapes"]
    harmed = sum(one.verdict(criteria) == "harms" for one in found)
    head = "can escape the vote" if escaping else "is not shown to escape the vote"
    informed = span((one.quality.informed for one in found), ".2f")
    where = f", where it is {span((one.quality.informed for one in escaping), '.2f')}" if escaping else ""
    return (
        f"**Checking one's own work {head}.** It harms {harmed} of {len(found)} priors and is shown to escape trained "
        f"votes and certainty on {len(escaping)}, "
        f"{runs_each(records)} each, whose J (share of right solutions accepted less that of wrong ones) is "
        f"{informed}{where} "
        "([a dial of the verifier](docs/studies/verifier-quality.md))."
    )


def main(arguments: list[str]) -> int:
    """Rewrite README.md, or with `--check` only say whether it is stale."""
    path = ROOT / "README.md"
    made = block(record.read_all([ROOT / "results"]))
    return generated.keep({path: generated.filled_in(path, "answers", made)}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
