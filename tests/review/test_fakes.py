"""Records faked by hand: what is found out without running anything again, and what only a second run can tell."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from honest import honest

from urlvr_bench.errors import UsageError
from urlvr_bench.records import evidence, record
from urlvr_bench.records.schema import Record
from urlvr_bench.review import sources
from urlvr_bench.review.check import Finding, check

pytestmark = pytest.mark.needs("git")  # records name a commit of this checkout

METHODS = ("majority_vote", "token_entropy", "ground_truth", "random_reward")
SEEDS = 3
GENUINE = {(method, seed): honest(method, seed) for method in METHODS for seed in range(SEEDS)}


@dataclass
class Store:
    """A results folder of genuine records, some of which somebody is about to change."""

    root: Path

    def path(self, method: str = "majority_vote", seed: int = 0) -> Path:
        return self.root / GENUINE[method, seed].path

    def values(self, method: str = "majority_vote", seed: int = 0) -> Any:
        return json.loads(self.path(method, seed).read_bytes())

    def put(self, values: Any) -> None:
        """Write a record where it now belongs, as a forger with care would."""
        text = json.dumps(values).encode()
        try:
            place = self.root / record.parse(text).path
        except UsageError:
            place = self.path()
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text)

    def edit(self, change: Callable[[Any], object], method: str = "majority_vote", seed: int = 0) -> None:
        values = self.values(method, seed)
        change(values)
        self.path(method, seed).unlink()
        self.put(values)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    for one in GENUINE.values():
        record.write(one, tmp_path / one.path)
    return Store(tmp_path)


def test_the_genuine_store_is_clean(store: Store) -> None:
    assert check(store.root) == []


def column(name: str, change: Callable[[Any], Any], at: int = 2) -> Callable[[Any], None]:
    """Change the entry of a column at one step."""

    def apply(values: Any) -> None:
        values["steps"][name][at] = change(values["steps"][name][at])

    return apply


def both(*changes: Callable[[Any], object]) -> Callable[[Any], None]:
    def apply(values: Any) -> None:
        for change in changes:
            change(values)

    return apply


def source(**new: Any) -> Callable[[Any], None]:
    return lambda values: values["provenance"].update(new)


def trained(**new: Any) -> Callable[[Any], None]:
    return lambda values: values["provenance"]["trainer_config"].update(new)


def better(counts: Any) -> None:
    """Turn wrong samples into right ones, votes and all."""
    for i, votes in enumerate(counts["votes"]):
        right = sum(count for count, ok in votes if ok) + sum(count for count, ok in votes if not ok)
        counts["votes"][i] = [[right, True]] if right else []
        counts["correct"][i] = right


def worse(counts: Any) -> None:
    for i, votes in enumerate(counts["votes"]):
        counts["votes"][i] = [[count, False] for count, _ in votes]
        counts["correct"][i] = 0


def claim(**rollout: int) -> Callable[[Any], None]:
    """Change what is kept of all rollouts of step 3, leaving the columns alone."""

    def apply(values: Any) -> None:
        one = Record.model_validate_json(json.dumps(values), strict=True)
        assert one.evidence is not None
        size = one.protocol.training.rows
        steps = evidence.rollouts(one.evidence, one.last_step, size)
        steps[2] = [entry._replace(**rollout) for entry in steps[2]]
        joined = evidence.join([evidence.pack(step) for step in steps], size)
        assert joined is not None
        values["evidence"] = joined.model_dump()

    return apply


def all_right(values: Any) -> None:
    """Raise the accuracies of step 3 to 1, in all columns that hang on them, but not in what is kept of rollouts."""
    for name in ("train_accuracy", "label_accuracy", "pass_at_group"):
        values["steps"][name][2] = 1.0
    values["steps"]["mixed_groups"][2] = 0.0
    values["steps"]["reward_auc"][2] = None
    values["steps"]["reward_accuracy"][2] = values["steps"]["proxy_reward"][2]


def without_evidence(values: Any) -> None:
    all_right(values)
    values["evidence"] = None


def called(method: str) -> Callable[[Any], None]:
    """Call a run one of another method, with all that its source says of it."""
    return lambda values: values.update(method=json.loads(GENUINE[method, 0].method.model_dump_json()))


def cherry_picked(values: Any) -> None:
    values["problems"]["chain_addition"].pop()
    for counts in values["evals"]:
        for name in ("correct", "truncated", "unparsed", "votes"):
            counts[name].pop()


def halved(values: Any) -> None:
    """Pretend to have trained on half the tokens."""
    values["steps"]["tokens"] = [tokens // 2 for tokens in values["steps"]["tokens"]]
    values["provenance"]["train_tokens"] = sum(values["steps"]["tokens"])


EDITS: dict[str, tuple[Callable[[Any], object], str]] = {
    "an accuracy between two rollouts": (column("train_accuracy", lambda x: x + 0.01), "no multiple of 1/16"),
    "a higher accuracy": (column("train_accuracy", lambda x: x + 1 / 16), "train_accuracy"),
    "accuracies of one, all columns alike": (all_right, "its rollouts say"),
    "the same without what is kept": (without_evidence, "keeps nothing of its rollouts"),
    "labels better than their groups": (column("label_accuracy", lambda _: 1.0, 0), "label_accuracy"),
    "a reward accuracy of one": (column("reward_accuracy", lambda _: 1.0), "reward_accuracy"),
    "an AUC of one": (column("reward_auc", lambda _: 1.0), "reward_auc"),
    "a proxy that went on rising": (column("proxy_reward", lambda _: 1.0, 3), "proxy_reward"),
    "a larger majority": (column("majority_ratio", lambda _: 1.0), "majority_ratio"),
    "more answers than rollouts": (column("distinct_answers", lambda _: 9.0), "distinct_answers <= group_size"),
    "one answer in the batch": (column("batch_answers", lambda _: 0), "batch_answers"),
    "no unparsed rollouts": (lambda r: r["steps"].update(unparsed=[0.0] * 4), "unparsed"),
    "no mixed groups": (both(column("mixed_groups", lambda _: 0.0), column("reward_auc", lambda _: None)), "mixed_gr"),
    "fewer groups solved": (column("pass_at_group", lambda x: x - 1 / 4), "pass_at_group"),
    "longer than the limit": (column("length", lambda _: 13.0), "length <= 12 tokens"),
    "truncation hidden": (lambda r: r["steps"].update(truncated=[1.0] * 4), "length >= truncated x 12"),
    "half the tokens": (halved, "tokens = length x rollouts"),
    "half the tokens in total": (lambda r: r["provenance"].update(train_tokens=10**6), "its parts add up to"),
    "a tuned learning rate": (lambda r: r["steps"].update(learning_rate=[3e-5] * 4), "the protocol's is 1e-05"),
    "a KL at steps that measure none": (
        lambda r: r["steps"].update(kl_to_start=[None] * 4),
        "kl_to_start is None",
    ),
    "evidence of other rollouts": (claim(right=1), "its rollouts say"),
    "evidence of other payments": (claim(paid=1), "its rollouts say"),
    "evidence that cannot be": (claim(answer=7), "evidence of a group that cannot be"),
    "evidence cut short": (lambda r: r["evidence"].update(right=r["evidence"]["right"][:8]), "evidence"),
    "another temperature in training": (trained(temperature=0.6), "the protocol asks for 1.0"),
    "a KL penalty": (trained(beta=0.1), "the protocol asks for 0.0"),
    "another seed in training": (trained(seed=1), "the protocol asks for 0"),
    "larger batches": (trained(per_device_train_batch_size=64), "makes 64 rollouts a step"),
    "another start": (lambda r: r["model"].update(weights_sha256="0" * 16), "those that ship are"),
    "another size": (lambda r: r["model"].update(parameters=10**9), "parameters"),
    "other prompts": (lambda r: r["task"].update(prompts_sha256="0" * 16), "are not those of seed 0"),
    "an old task": (lambda r: r["task"].update(version="0"), "version 0 of chain_addition"),
    "a task from elsewhere": (lambda r: r["task"].update(source="org/sums"), "is said to be of org/sums"),
    "easy problems alone": (cherry_picked, "7 problems of chain_addition were judged"),
    "problems in another order": (lambda r: r["problems"]["chain_addition"].reverse(), "problem 0 of chain_addition"),
    "first votes of others": (lambda r: r["evals"][0].update(initial=[0] * 8), "is not its leading vote's"),
    "right answers without votes": (lambda r: r["evals"][-1].update(correct=[4] * 8), "right votes differ"),
    "a start made worse": (lambda r: worse(r["evals"][0]), "step 0 was judged otherwise"),
    "a start made better": (lambda r: better(r["evals"][0]), "step 0 was judged otherwise"),
    "more samples": (lambda r: [counts.update(n=64) for counts in r["evals"]], "n = 64"),
    "an evaluation left out": (lambda r: r["evals"].pop(1), "no evaluation of chain_addition at step 2"),
    "too few tokens for the samples": (
        both(lambda r: r["evals"][-1].update(tokens=5), source(eval_tokens=2 * 7 * 32 + 5)),
        "5 tokens for 32 samples",
    ),
    "finished before it began": (source(finished="2026-02-01T00:00:00Z"), "which cannot be"),
    "finished in the future": (source(finished="2099-02-01T00:00:00Z"), "which cannot be"),
    "done in no time": (
        lambda r: r["provenance"].update(finished=r["provenance"]["started"], eval_seconds=60.0),
        "of the",
    ),
    "faster than its steps": (source(train_seconds=0.1), "the steps' timing adds up to"),
    "made before its code": (
        source(started="2026-02-01T00:00:00Z", finished="2026-02-01T01:00:00Z"),
        "before its commit was written",
    ),
    "a commit that is nowhere": (source(git_commit="1" * 40), "is none of this repository"),
    "packages left out": (source(packages={}), "names no version of torch"),
    "another method's source": (lambda r: r["method"].update(source_sha256="0" * 16), "was never committed here"),
    "labels hidden": (lambda r: r["method"].update(family="baseline"), "says family = 'baseline'"),
    "settings changed under a published name": (
        lambda r: r["protocol"]["training"].update(learning_rate=1e-3),
        "protocol_hash",
    ),
    "overrides not told": (lambda r: r.update(overrides={}, protocol_hash="0" * 8), "protocol_hash"),
    "a name given twice": (lambda r: None, "given twice"),
}
"""What is changed in one record of the store, and what the finding says."""


BY_HISTORY = {
    "the same without what is kept",
    "made before its code",
    "a commit that is nowhere",
    "another method's source",
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_record_is_found_out(store: Store, name: str) -> None:
    if name in BY_HISTORY and not sources.whole_history():
        pytest.skip("needs a clone with all of its history")
    change, said = EDITS[name]
    if name == "a name given twice":
        text = store.path().read_text()
        store.path().write_text(text.replace('"seed":0', '"seed":1,"seed":0', 1))
    else:
        store.edit(change)
    found_out(store, said)


def found_out(store: Store, said: str) -> None:
    errors: list[Finding] = [one for one in check(store.root) if one.level == "error"]
    assert any(said in one.problem for one in errors), [str(one) for one in errors]


def a_seed_left_out(store: Store) -> None:
    store.path(seed=1).unlink()


def seeds_renumbered(store: Store) -> None:
    values = store.values(seed=2)
    a_seed_left_out(store)
    store.path(seed=2).unlink()
    store.put({**values, "seed": 1})


def renumbered_with_care(store: Store) -> None:
    values = store.values(seed=2)
    both(trained(seed=3, data_seed=3), lambda r: r.update(seed=3))(values)
    store.put(values)


def a_seed_told_twice(store: Store) -> None:
    store.put({**store.values(seed=1), "seed": 3})


def another_methods_run(store: Store) -> None:
    values = store.values("random_reward")
    called("majority_vote")(values)
    store.path().unlink()
    store.put(values)


def another_seeds_evaluations(store: Store) -> None:
    other = store.values(seed=1)["evals"]
    store.edit(lambda r: r.update(evals=other))


def another_seeds_rollouts(store: Store) -> None:
    other = store.values(seed=1)
    tokens = sum(other["steps"]["tokens"])
    store.edit(both(source(train_tokens=tokens), lambda r: r.update(steps=other["steps"], evidence=other["evidence"])))


def a_link(store: Store) -> None:
    store.path().unlink()
    store.path().symlink_to("/dev/zero")


def a_pipe(store: Store) -> None:
    store.path().unlink()
    os.mkfifo(store.path())


def a_huge_file(store: Store) -> None:
    with store.path().open("ab") as stream:
        stream.truncate(1 << 33)


def another_place(store: Store) -> None:
    store.path().rename(store.path(seed=0).with_name("seed9.json"))


SCENES: dict[Callable[[Store], None], str] = {
    a_seed_left_out: "seed 1 of majority_vote is missing",
    seeds_renumbered: "are not those of seed 1",
    renumbered_with_care: "are not those of seed 3",
    a_seed_told_twice: "the very numbers of seed 1",
    another_methods_run: "the very seconds of",
    another_seeds_evaluations: "step 0 was judged otherwise",
    another_seeds_rollouts: "has the very numbers of seed 0",
    a_link: "a symbolic link",
    a_pipe: "not a regular file",
    a_huge_file: "8590 MB is more than",
    another_place: "its content belongs at",
}


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_a_store_that_was_tampered_with_is_found_out(store: Store, scene: Callable[[Store], None]) -> None:
    scene(store)
    found_out(store, SCENES[scene])


def the_last_seed_left_out(store: Store) -> None:
    store.path(seed=SEEDS - 1).unlink()


def every_start_made_worse(store: Store) -> None:
    for method, seed in GENUINE:
        store.edit(lambda r: worse(r["evals"][0]), method, seed)


def a_supervised_run_under_the_name_of_a_vote(store: Store) -> None:
    for seed in range(SEEDS):
        store.edit(called("majority_vote"), "ground_truth", seed)


BELIEVED: dict[str, Callable[[Store], object]] = {
    "a better end": lambda store: store.edit(lambda r: better(r["evals"][-1])),
    "every start made worse, where the board has no other record of it": every_start_made_worse,
    "a supervised run under the name of a vote": a_supervised_run_under_the_name_of_a_vote,
    "the last seeds left out": the_last_seed_left_out,
    "another entropy": lambda store: store.edit(column("entropy", lambda _: 2.0)),
    "another gradient": lambda store: store.edit(column("grad_norm", lambda _: 9.0)),
    "another machine": lambda store: store.edit(source(device="NVIDIA H100")),
    "less time": lambda store: store.edit(
        lambda r: (
            r["timing"].update(update=[x / 2 for x in r["timing"]["update"]]),
            r["provenance"].update(train_seconds=sum(map(sum, r["timing"].values()))),
        )
    ),
}
"""What nothing in the records contradicts: only the run made again does."""


@pytest.mark.parametrize("name", BELIEVED)
def test_what_only_the_run_made_again_can_tell(store: Store, name: str) -> None:
    BELIEVED[name](store)
    assert [str(one) for one in check(store.root) if one.level == "error"] == []
