"""The bridge: groups stay whole, only declared signals are filled, a bad reward is an error and never a zero."""

import math
import threading
from dataclasses import dataclass, field

import pytest

from urlvr_bench import methods, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.counting import WORKERS
from urlvr_bench.needs import SIGNALS
from urlvr_bench.rollouts import Extra, Group, Method, Query, Sampled
from urlvr_bench.training.bridge import PREFIX, RewardBridge, pay
from urlvr_bench.training.groups import token_span
from urlvr_bench.training.permuted import permuted
from urlvr_bench.training.seams import TokenStatistics

G = 2
DOCS = [{"id": str(i), "prompt": f"{i}?", "public": f"{i}", "gold": str(i)} for i in range(3)]


class Task:
    name, has_checker, answer_cue, stops = "echo", True, "#", ()

    def prompt(self, doc):
        return doc["prompt"]

    def answer(self, completion):
        return completion or None

    def judges(self, doc):
        return True

    def classes(self, answers):
        return {answer: answer for answer in answers if answer is not None}

    def right(self, doc, answer):
        return answer == doc["gold"]

    def verify(self, public, completion):
        return completion == public

    def gold(self, doc):
        return doc["gold"]

    def answer_span(self, completion):
        return (0, len(completion)) if completion else None

    def verification_prompt(self, doc, completion):
        return f"{doc['public']}={completion}?"

    def rephrase(self, doc, view):
        return f"view {view} of {doc['prompt']}"


class Rollouts:
    eos_ids = frozenset({9})
    generation_seconds = 0.5
    asked = 0

    def statistics(self):
        self.asked += 1
        return TokenStatistics([[-1.0]] * 4, [[0.5]] * 4, [[2.0]] * 4, [[0.9]] * 4)

    def kl_to_start(self):
        return None

    def gather(self, values):
        return values

    def pieces(self, ids):
        return ["x"] * len(ids)

    def sample(self, prompts, teacher_decay):
        return [f"{prompt} by {teacher_decay}" for prompt in prompts], 3 * len(prompts)

    def likelihoods(self, queries, teacher_decay):
        self.queries = [*getattr(self, "queries", []), *queries]
        return [[-float(i), *([teacher_decay] if teacher_decay is not None else [])] for i, _ in enumerate(queries)]

    def reply(self, prompts, sampled):
        return [f"{'some' if sampled else 're'} {prompt}" for prompt in prompts], 7 * len(prompts)


@dataclass(frozen=True)
class Spy(Method):
    family, paper, binary = "baseline", "https://example.org", True
    seen: list = field(default_factory=list)

    def extras(self):
        return [Extra(1), Extra(2, view=1), Extra(1, teacher_decay=0.9)]

    def queries(self, group):
        return [Query(group.prompt + "so ", "7"), Query("elsewhere", "8")]

    def ask(self, group):
        return [f"is {text} right?" for text in group.completions]

    def reward(self, group):
        self.seen.append(group)
        return [1.0, 0.0]


def call(method, row=(0, 0, 1, 1)):
    bridge, logged = RewardBridge(method, "spy", Task(), DOCS, G, seed=3), {}
    bridge.rollouts = Rollouts()
    rewards = bridge(
        completions=["0", "5", "", [{"content": "1"}][0]["content"]],
        completion_ids=[[1, 9], [1, 2], [9], [1, 9]],
        row=list(row),
        log_metric=logged.__setitem__,
        trainer_state=None,
    )
    return bridge, rewards, logged


def test_without_needs_every_signal_is_absent_and_no_forward_is_paid():
    method = Spy()
    bridge, rewards, logged = call(method)
    assert rewards == [1.0, 0.0, 1.0, 0.0]
    assert bridge.rollouts.asked == 0
    assert [group.answers for group in method.seen] == [["0", "5"], [None, "1"]]
    assert all(getattr(group._group, name) is None for group in method.seen for name in SIGNALS)
    assert logged[PREFIX + "train_accuracy"] == 0.5
    assert logged[PREFIX + "reward_accuracy"] == 0.5
    assert logged[PREFIX + "truncated"] == 0.25
    assert logged[PREFIX + "tokens"] == 7
    assert math.isnan(logged[PREFIX + "kl_to_start"])


@pytest.mark.skipif(WORKERS == 1, reason="needs two cores")
def test_groups_are_graded_side_by_side(monkeypatch):
    together, waited = threading.Barrier(2), threading.Event()

    def right(self, doc, answer):
        if not waited.is_set():
            together.wait(timeout=30)
            waited.set()
        return answer == doc["gold"]

    monkeypatch.setattr(Task, "right", right)
    _, _, logged = call(Spy())
    assert logged[PREFIX + "train_accuracy"] == 0.5


def voted(name, params, texts, gold, further=()):
    """Return what a method pays to mathematical answers of one group, and the logged metrics."""
    docs, logged = [{"id": "0", "prompt": "p", "public": "p", "gold": gold}], {}
    bridge = RewardBridge(methods.configure(name, params), name, tasks.load("math500"), docs, len(texts), seed=0)
    bridge.rollouts = Rollouts()
    bridge.rollouts.sample = lambda prompts, _: ([rf"\boxed{{{text}}}" for text in further], 0)
    boxed = [rf"\boxed{{{text}}}" for text in texts]
    return bridge(boxed, [[1, 9]] * len(texts), [0] * len(texts), logged.__setitem__), logged


@pytest.mark.parametrize(
    ("texts", "gold", "paid"),
    [
        (["x+2", "2+x", "7", "7", "2+x"], "x+2", [1, 1, 0, 0, 1]),
        (["2^3", "8", "8", "5", "5"], "8", [1, 1, 1, 0, 0]),
        (["2+x", "x+2", "2+x", "x+2", "7"], "x+2", [1, 1, 1, 1, 0]),
    ],
)
def test_equal_answers_in_two_spellings_are_one_vote_and_one_verdict(texts, gold, paid):
    rewards, logged = voted("majority_vote", {}, texts, gold)
    assert rewards == paid
    assert logged[PREFIX + "reward_accuracy"] == logged[PREFIX + "label_accuracy"] == 1
    assert logged[PREFIX + "train_accuracy"] == logged[PREFIX + "majority_ratio"] == sum(paid) / len(paid)
    assert logged[PREFIX + "distinct_answers"] == logged[PREFIX + "batch_answers"] == 2


def test_extra_votes_are_of_the_same_classes_as_the_rollouts():
    further = [r"\sqrt{12}", r"2\sqrt3", r"\frac{4\sqrt3}{2}", "7", "7"]
    rewards, _ = voted("co_rewarding_1", {"votes": 5}, [r"6/\sqrt3", "7"], r"\sqrt{12}", further)
    assert rewards == [1, 0]


FILLED = {
    "token_logprobs": [[-1.0], [-1.0]],
    "token_entropies": [[0.5], [0.5]],
    "token_self_certainties": [[2.0], [2.0]],
    "token_top_gaps": [[0.9], [0.9]],
    "answer_spans": [(0, 1), (0, 1)],
    "token_counts": [2, 2],
    "answer_cue": "#",
    "verification_prompts": ["0=0?", "0=5?"],
    "extra_answers": [["0? by None"], ["view 1 of 0? by None"] * 2, ["0? by 0.9"]],
    "extra_texts": [["0? by None"], ["view 1 of 0? by None"] * 2, ["0? by 0.9"]],
    "likelihoods": [[0.0], [-1.0]],
    "rollout_ids": ["seed 3 row 0 rollout 0", "seed 3 row 0 rollout 1"],
    "verified": [True, False],
    "replies": ["re is 0 right?", "re is 5 right?"],
    "correct": [True, False],
    "gold": "0",
}


@pytest.mark.parametrize("signal", FILLED)
def test_a_declared_signal_is_filled_and_no_other(signal):
    cls = type("Declaring", (Spy,), {"needs": (signal,)})
    method = cls()
    _, _, logged = call(method)
    assert getattr(method.seen[0], signal) == FILLED[signal]
    for name in set(SIGNALS) - {signal}:
        assert getattr(method.seen[0]._group, name) is None
        with pytest.raises(UsageError, match=f"Declaring reads {name} but declares {signal}"):
            getattr(method.seen[0], name)
    assert logged[PREFIX + "tokens"] == 7 + {"replies": 28, "extra_answers": 24, "extra_texts": 24}.get(signal, 0)


def test_a_query_that_starts_with_the_prompt_is_split_there():
    cls = type("Declaring", (Spy,), {"needs": ("likelihoods",)})
    bridge, _, _ = call(cls())
    assert bridge.rollouts.queries[:2] == [("0?", "so ", "7"), ("", "elsewhere", "8")]


def test_questions_to_the_policy_and_to_teachers_come_back_to_whoever_asked():
    """In whatever order they are put: all greedy ones together, all sampled ones, and each teacher's."""

    class Asking(Spy):
        needs = ("likelihoods", "replies")

        def queries(self, group):
            return [
                Query("a", 1, 0.9),
                Query(group.prompt + "b", "7"),
                Query(group.prompt, 0, 0.9),
                Query("c", "8", 1.0),
            ]

        def ask(self, group):
            return [Sampled("x"), group.prompt, Sampled("x")]

    bridge, _, logged = call(method := Asking())
    assert [group.likelihoods for group in method.seen] == [
        [[0.0, 0.9], [0.0], [-1.0, 0.9], [0.0, 1.0]],
        [[-2.0, 0.9], [-1.0], [-3.0, 0.9], [-1.0, 1.0]],
    ]
    assert [group.replies for group in method.seen] == [["some x", f"re {i}?", "some x"] for i in range(2)]
    assert logged[PREFIX + "tokens"] == 7 + 7 * 6
    assert bridge.rollouts.queries[:2] == [("0?", "b", "7"), ("1?", "b", "7")]
    assert bridge.rollouts.queries[2:6] == [("", "a", [1, 2]), ("0?", "", [1, 9]), ("", "a", [1, 9]), ("1?", "", [9])]


@pytest.mark.parametrize(
    ("query", "says"),
    [(Query("a", 2), "asks about rollout 2 of 2"), (Query("a", "b", 2.0), "asks a teacher of decay 2.0, which lies")],
)
def test_a_query_that_cannot_be_served_is_one_line(query, says):
    cls = type("Declaring", (Spy,), {"needs": ("likelihoods",), "queries": lambda self, group: [query]})
    with pytest.raises(UsageError, match=rf"methods/spy\.py, prompt '0\?': {says}"):
        call(cls())


def test_a_span_of_characters_becomes_the_tokens_it_touches():
    pieces = ["so", " #", "1", "23", ""]
    assert token_span((4, 7), pieces) == (2, 4)
    assert token_span((3, 5), pieces) == (1, 3)
    assert token_span(None, pieces) is None
    assert token_span((7, 9), pieces) is None


def test_a_cut_group_is_refused():
    with pytest.raises(RuntimeError, match="cut"):
        call(Spy(), row=(0, 1, 1, 1))


def test_a_method_that_needs_a_checker_is_refused_by_a_task_without_one():
    task = Task()
    task.has_checker = False
    cls = type("Needy", (Spy,), {"needs": ("verified",)})
    with pytest.raises(UsageError, match="echo has none"):
        RewardBridge(cls(), "needy", task, DOCS, G, seed=0)


@pytest.mark.parametrize("rewards", [[1.0], [1.0, float("nan")], [1.0, float("inf")], [1.0, None], [1.0, "1"]])
def test_a_bad_reward_names_file_prompt_and_rollout(rewards):
    cls = type("Bad", (Spy,), {"reward": lambda self, group: rewards})
    with pytest.raises(UsageError, match=r"methods/bad\.py, prompt '1\+1\?'") as caught:
        pay(cls(), "bad", Group("1+1?", ["a", "b"], ["a", "b"]))
    assert len(rewards) != 2 or "rollout 1" in str(caught.value)


def test_scalars_of_torch_and_numpy_are_numbers():
    torch, np = pytest.importorskip("torch"), pytest.importorskip("numpy")
    for rewards in (torch.tensor([1, 0]), [torch.tensor(1.0), torch.tensor(False)], [np.float16(1), np.int8(0)]):
        cls = type("Scalar", (Spy,), {"reward": lambda self, group, rewards=rewards: rewards})
        paid = pay(cls(), "scalar", Group("1+1?", ["a", "b"], ["a", "b"]))
        assert paid == [1.0, 0.0] and {*map(type, paid)} == {float}
    cls = type("Scalar", (Spy,), {"reward": lambda self, group: [1.0, torch.tensor(float("inf"))]})
    with pytest.raises(UsageError, match="rollout 1: reward inf is not a finite number"):
        pay(cls(), "scalar", Group("1+1?", ["a", "b"], ["a", "b"]))


@pytest.mark.parametrize(
    ("task", "completion", "answer"),
    [
        ("chain_addition", "12,#33", "33"),
        ("countdown_pocket", "1+2*3", "1+2*3"),
        ("gsm8k", r"so \boxed{1} no, \boxed{\frac{1}{2}}!", r"\frac{1}{2}"),
    ],
)
def test_a_tasks_answer_span_is_where_the_answer_stands(task, completion, answer):
    first, end = tasks.load(task).answer_span(completion)
    assert completion[first:end] == answer
    assert tasks.load(task).answer_span("no answer") is None


@pytest.mark.parametrize("name", ["chain_addition", "countdown_pocket"])
def test_a_rephrasing_is_another_prompt_with_the_same_answer(name):
    task = tasks.load(name)
    for doc in task.docs("test")[:50]:
        other = task.rephrase(doc, 1)
        assert len(other) == len(doc["prompt"])
        assert sorted(other) == sorted(doc["prompt"])


class Prompted(Task):
    """Tells the label by the question of the second turn."""

    def verification_prompt(self, doc, completion):
        return f"{completion}={doc['gold']}?"


class Rephrased(Task):
    """Tells the label by a rephrasing."""

    def rephrase(self, doc, view):
        return f"is it {doc['gold']}?"


class Asking(Spy):
    needs = ("verification_prompts",)

    def reward(self, group):
        return [float(len(set(prompt[:-1].split("="))) == 1) for prompt in group.verification_prompts]


class Extending(Spy):
    needs = ("extra_answers",)


def pay_twice(method, task):
    bridge = RewardBridge(method, "spy", task, DOCS, G, seed=3, twice=1)
    bridge.rollouts = Rollouts()
    asked = {"completions": ["0", "5", "", "1"], "completion_ids": [[1, 9], [1, 2], [9], [1, 9]], "row": [0, 0, 1, 1]}
    first = bridge(log_metric=lambda *_: None, **asked)
    return bridge, first, asked


def test_the_first_steps_are_paid_twice_and_once_for_the_trainer():
    bridge, first, asked = pay_twice(method := Extending(), Task())
    assert len(method.seen) == 4
    assert method.seen[0]._group == method.seen[2]._group
    assert bridge(log_metric=lambda *_: None, **asked) == first
    assert len(method.seen) == 6


def test_a_label_that_reaches_a_reward_or_a_question_stops_the_run():
    assert pay_twice(Asking(), Task())[1] == [1.0, 0.0, 0.0, 1.0]
    with pytest.raises(
        UsageError, match=r"methods/spy\.py, prompt '0\?': pays \[1\.0, 0\.0\], but \[0\.0, 0\.0\] to the"
    ):
        pay_twice(Asking(), Prompted())
    with pytest.raises(UsageError, match="what is asked of the policy moves when the golds are permuted"):
        pay_twice(Extending(), Rephrased())


def test_a_method_that_declares_labels_is_paid_once():
    cls = type("Sighted", (Spy,), {"needs": ("gold",)})
    bridge, _, _ = pay_twice(method := cls(), Task())
    assert (bridge.twice, len(method.seen)) == (0, 2)


def test_permuted_labels_are_others_and_the_rest_stays():
    docs = [{"id": str(i), "prompt": f"{i}?", "gold": str(i % 3), "tests": f"assert {i % 3}"} for i in range(9)]
    mixed = permuted(docs)
    assert all(one["gold"] != doc["gold"] for one, doc in zip(mixed, docs, strict=True))
    assert all((one["id"], one["prompt"]) == (doc["id"], doc["prompt"]) for one, doc in zip(mixed, docs, strict=True))
    assert all(one["tests"] == f"assert {one['gold']}" for one in mixed)
    assert sorted(one["gold"] for one in mixed) == sorted(doc["gold"] for doc in docs)
    assert permuted(docs[:1]) == docs[:1]
    assert permuted([]) == []
