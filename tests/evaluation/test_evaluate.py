"""Evaluation through lm-eval: samples that depend on nothing but their name, counts that add up, resumption."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import lm_eval
import numpy as np
import pytest
import torch
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager
from transformers import LlamaForCausalLM

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation import evaluate, sampling
from urlvr_bench.evaluation.decoding import Draw, uniforms
from urlvr_bench.evaluation.replay import replayed
from urlvr_bench.evaluation.samples import PARTIAL, Sample, SampleStore
from urlvr_bench.local_data import DATA_VARIABLE
from urlvr_bench.pocket.language import ALPHABET, EOS, PAD, tiny_llama, tokenizer
from urlvr_bench.records import record
from urlvr_bench.settings import Evaluation

SAMPLES = 4
GREEDY = {"until": [], "max_gen_toks": 8, "do_sample": False, "temperature": 0.0, "top_p": 1.0, "top_k": 0}


@pytest.fixture(scope="module")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A random pocket model whose published settings would spoil the samples if anything read them."""
    path = tmp_path_factory.mktemp("model")
    model = tiny_llama(0)
    model.generation_config.update(do_sample=True, top_k=3, repetition_penalty=1.5, temperature=0.2)
    model.save_pretrained(path)
    tokenizer().save_pretrained(path)
    return str(path)


def spec(**changes: Any) -> Evaluation:
    return Evaluation(
        **{"every": 1, "problems": 20, "samples": SAMPLES, "max_tokens": 8, "batch_size": 64, "k": (1, 4), **changes}
    )


def judged(model_path: str, store: Path, *names: str, seed: int = 0, **changes: Any) -> list[evaluate.EvalResult]:
    return evaluate.evaluate(model_path, names or ("chain_addition",), 3, spec(**changes), seed, store)


def texts(store: Path, name: str = "chain_addition") -> list[list[str]]:
    rows = [json.loads(line) for line in (store / f"{name}.jsonl").read_text().splitlines()]
    return [[sample["text"] for sample in row["samples"]] for row in rows]


@pytest.fixture(scope="module")
def reference(model_path: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, evaluate.EvalResult]:
    store = tmp_path_factory.mktemp("reference")
    (result,) = judged(model_path, store)
    return store, result


def test_counts_are_those_of_the_stored_samples(reference: tuple[Path, evaluate.EvalResult]) -> None:
    store, result = reference
    rows = [json.loads(line) for line in (store / "chain_addition.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == result.problem_ids
    assert (result.counts.task, result.counts.step, result.counts.n) == ("chain_addition", 3, SAMPLES)
    for i, row in enumerate(rows):
        samples = row["samples"]
        assert len(samples) == SAMPLES
        assert result.counts.correct[i] == sum(one["correct"] for one in samples)
        assert result.counts.truncated[i] == sum(one["truncated"] and not one["correct"] for one in samples)
        assert result.counts.unparsed[i] == sum(one["answer"] is None and not one["truncated"] for one in samples)
        votes = Counter(one["answer"] for one in samples if one["answer"] is not None)
        assert [count for count, _ in result.counts.votes[i]] == [count for _, count in votes.most_common()]
    assert result.counts.tokens == sum(one["tokens"] for row in rows for one in row["samples"])
    assert 0 < sum(result.counts.truncated) < 20 * SAMPLES
    assert sum(result.counts.unparsed) > 0
    assert not list(store.glob("samples.jsonl"))


@pytest.mark.parametrize("batch_size", [7, 512])
def test_samples_do_not_depend_on_batch_size_or_other_tasks(
    model_path: str, tmp_path: Path, reference: tuple[Path, evaluate.EvalResult], batch_size: int
) -> None:
    results = judged(model_path, tmp_path, "countdown_pocket", "chain_addition", batch_size=batch_size)
    assert texts(tmp_path) == texts(reference[0])
    assert results[1] == reference[1]
    assert len({text for row in texts(tmp_path) for text in row}) > 20


def test_more_problems_and_more_samples_leave_the_others_as_they_are(
    model_path: str, tmp_path: Path, reference: tuple[Path, evaluate.EvalResult]
) -> None:
    judged(model_path, tmp_path, problems=25, samples=6)
    assert [row[:SAMPLES] for row in texts(tmp_path)[:20]] == texts(reference[0])


def test_another_seed_gives_other_samples(
    model_path: str, tmp_path: Path, reference: tuple[Path, evaluate.EvalResult]
) -> None:
    judged(model_path, tmp_path, seed=1)
    same = [one == other for row, rows in zip(texts(tmp_path), texts(reference[0]), strict=True)
            for one, other in zip(row, rows, strict=True)]  # fmt: skip
    assert sum(same) < len(same) / 4


def test_a_cut_evaluation_continues_where_it_stopped(
    model_path: str, tmp_path: Path, reference: tuple[Path, evaluate.EvalResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(done: int, _: int) -> None:
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate.evaluate(model_path, ["chain_addition"], 3, spec(batch_size=10), 0, tmp_path, progress=stop)
    partial = tmp_path / PARTIAL
    lines = partial.read_bytes().splitlines(keepends=True)
    assert len(lines) == 40
    partial.write_bytes(b"".join(lines)[:-5])
    drawn: list[int] = []
    evaluate.evaluate(
        model_path, ["chain_addition"], 3, spec(batch_size=10), 0, tmp_path, progress=lambda done, _: drawn.append(done)
    )
    assert drawn[-1] == 20 * SAMPLES - 39
    assert texts(tmp_path) == texts(reference[0])


def test_samples_of_other_weights_are_drawn_anew(model_path: str, tmp_path: Path) -> None:
    model, words = sampling.load(model_path, "cpu", "auto")
    asked = requests("...1+1=", "...2+2=")
    sampling.Sampler(model, words, store=tmp_path / "kept.jsonl").generate_until(asked)
    assert len(SampleStore(tmp_path / "kept.jsonl").samples) == 2
    with torch.no_grad():
        model.lm_head.weight += 1e-3 * torch.randn_like(model.lm_head.weight)
    sampling.Sampler(model, words, store=tmp_path / "kept.jsonl").generate_until(asked)
    assert len(SampleStore(tmp_path / "kept.jsonl").samples) == 4


def test_a_store_with_a_broken_line_names_it(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    SampleStore(path).add({"a": Sample("x", 1, False)})
    path.write_text("{}\n" + path.read_text())
    with pytest.raises(UsageError, match=r"samples\.jsonl line 1 is not a sample"):
        SampleStore(path)


def test_evaluation_leaves_the_random_generators_alone(model_path: str, tmp_path: Path) -> None:
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = random.random(), np.random.random(), torch.rand(1).item()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    judged(model_path, tmp_path, problems=2)
    assert (random.random(), np.random.random(), torch.rand(1).item()) == expected


def test_greedy_samples_are_equal_and_those_of_generate(model_path: str, tmp_path: Path) -> None:
    judged(model_path, tmp_path, temperature=0.0, problems=3)
    assert all(len(set(row)) == 1 for row in texts(tmp_path))
    words = tokenizer()
    doc = tasks.load("chain_addition").docs("test")[0]
    ids = words(doc["prompt"], return_tensors="pt").input_ids
    bare = tiny_llama(0).eval().generate(ids, max_new_tokens=8, do_sample=False)
    assert texts(tmp_path)[0][0] == words.decode(bare[0, ids.shape[1] :], skip_special_tokens=True)


@pytest.mark.parametrize(
    ("temperature", "top_p", "top_k"), [(1.0, 1.0, 0), (0.7, 1.0, 0), (1.0, 0.8, 0), (1.0, 1.0, 3)]
)
def test_drawn_tokens_have_the_model_s_distribution(temperature: float, top_p: float, top_k: int) -> None:
    rows, logits = 20_000, torch.tensor([2.0, -1.0, 0.5, 1.9, 0.0, -torch.inf])
    settings = {**GREEDY, "do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": top_k}
    draw = Draw([str(i) for i in range(rows)], settings, prompt_length=2)
    tokens = draw(torch.zeros(rows, 5, dtype=torch.long), logits.repeat(rows, 1)).argmax(-1)
    probabilities = torch.softmax(logits / temperature, -1)
    order = probabilities.argsort(descending=True)
    kept = order[: top_k or None]
    if top_p < 1:
        kept = order[: int((probabilities[order].cumsum(0) < top_p).sum()) + 1]
    expected = torch.zeros(6).index_copy(0, kept, probabilities[kept])
    expected /= expected.sum()
    found = torch.bincount(tokens, minlength=6) / rows
    assert ((found == 0) == (expected == 0)).all()
    assert (found - expected).abs().max() < 5 * (0.25 / rows) ** 0.5


def test_uniform_numbers_are_fixed_for_ever_and_longer_ones_begin_with_the_shorter() -> None:
    assert uniforms(["a"], 3)[0].tolist() == uniforms(["b", "a"], 5)[1, :3].tolist()
    assert uniforms(["a"], 1).item() == pytest.approx(0.8594414181281297, abs=1e-15)
    many = uniforms([str(i) for i in range(100)], 100)
    assert many.min() >= 0 and many.max() < 1
    assert abs(many.mean().item() - 0.5) < 0.015


def sampler(model_path: str, **settings: Any) -> sampling.Sampler:
    model, words = sampling.load(model_path, "cpu", "auto")
    return sampling.Sampler(model, words, **settings)


def requests(*prompts: str, **settings: Any) -> list[Any]:
    from lm_eval.api.instance import Instance

    return [
        Instance("generate_until", {"id": str(i)}, (prompt, {**GREEDY, **settings}), 0, metadata=("t", i, 1))
        for i, prompt in enumerate(prompts)
    ]


def test_batches_halve_when_memory_runs_out(model_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = [f"...{i}+12=" for i in range(10, 30)]
    expected = sampler(model_path).generate_until(requests(*prompts))
    small = sampler(model_path, batch_size=16)
    sizes, generate = [], small.model.generate

    def limited(**given: Any) -> torch.Tensor:
        sizes.append(len(given["input_ids"]))
        if sizes[-1] > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return generate(**given)

    monkeypatch.setattr(small.model, "generate", limited)
    assert small.generate_until(requests(*prompts)) == expected
    assert sizes == [16, 8, 4, 4, 4, 4, 4]


def test_other_errors_are_not_taken_for_a_lack_of_memory(model_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = sampler(model_path)

    def fail(**_: Any) -> torch.Tensor:
        raise RuntimeError("a device-side assert")

    monkeypatch.setattr(broken.model, "generate", fail)
    with pytest.raises(RuntimeError, match="device-side"):
        broken.generate_until(requests("1+1="))


def test_a_prompt_that_does_not_fit_is_refused(model_path: str) -> None:
    with pytest.raises(UsageError, match="60 tokens and 8 new tokens do not fit into the model's context of 64"):
        sampler(model_path).generate_until(requests("1" * 60))


def test_stop_strings_and_end_tokens_end_a_sample(model_path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is made to say `41,5$` whatever it is asked."""
    said = [ALPHABET.index(char) for char in "41,5$"]

    def ended(**settings: Any) -> Sample:
        lm = sampler(model_path)
        forward = lm.model.forward

        def say(input_ids: torch.Tensor, **given: Any) -> Any:
            output = forward(input_ids=input_ids, **given)
            position = say.step = getattr(say, "step", -1) + 1  # type: ignore[attr-defined]
            output.logits[:, -1] = torch.nn.functional.one_hot(torch.tensor(said[position]), len(ALPHABET)) * 99.0
            return output

        monkeypatch.setattr(lm.model, "forward", say)
        lm.generate_until(requests("...1+1=", **settings))
        return lm.drawn["t", 0][0]

    assert ended() == Sample("41,5", 5, False)
    assert ended(max_gen_toks=4) == Sample("41,5", 4, True)
    assert ended(until=[","]) == Sample("41", 3, False)


@pytest.mark.parametrize("pad", [PAD, EOS])
def test_what_fills_a_row_behind_its_stop_string_is_no_token_of_it(model_path: str, pad: str) -> None:
    lm = sampler(model_path)
    lm.tokenizer.pad_token = pad
    row = [ALPHABET.index(char) for char in ("4", "1", ",", pad, pad)]
    assert lm._finish(row, [","]) == Sample("41", 3, False)


def test_the_chat_template_is_used_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = tokenizer()
    words.chat_template = "{% for m in messages %}*{{ m.content }}*{% endfor %}"
    words.save_pretrained(tmp_path / "model")
    tiny_llama(0).save_pretrained(tmp_path / "model")
    asked: list[str] = []
    encode = sampling.Sampler.tok_encode
    monkeypatch.setattr(sampling.Sampler, "tok_encode", lambda self, text: asked.append(text) or encode(self, text))
    judged(str(tmp_path / "model"), tmp_path, problems=2, samples=1, k=(1,))
    assert sorted(asked) == sorted(f"*{doc['prompt']}*" for doc in tasks.load("chain_addition").docs("test")[:2])


def test_stored_samples_score_the_same_without_a_model(
    tmp_path: Path, reference: tuple[Path, evaluate.EvalResult]
) -> None:
    store, result = reference
    task = tasks.load("chain_addition")
    replay = replayed(store / "chain_addition.jsonl")
    docs = [task.docs("test")[:20]]
    assert evaluate.judge(replay, [task], docs, 3, spec(), tmp_path) == [result]
    assert (tmp_path / "chain_addition.jsonl").read_bytes() == (store / "chain_addition.jsonl").read_bytes()
    with pytest.raises(UsageError, match="has 4 stored samples, but 5 are asked for"):
        evaluate.judge(replay, [task], docs, 3, spec(samples=5), tmp_path)


def test_a_task_with_fewer_problems_is_judged_on_all_of_them() -> None:
    task = tasks.load("chain_addition")
    assert evaluate.problems(task, 513) == task.docs("test")
    assert evaluate.problems(task, 2) == task.docs("test")[:2]


def test_bad_evaluations_get_one_line(model_path: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot load model"):
        judged(str(tmp_path / "nothing"), tmp_path)
    with pytest.raises(ValueError, match="pass@8 needs at least 8 samples, not 4"):
        spec(k=(8,))


class Oracle(LM):
    """Answers every problem with its gold, but every fourth time with nothing."""

    def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
        scorer = {name: tasks.load(name).scorer for name in tasks.names()}
        known = [scorer[request.task_name].solution(request.doc) for request in requests]
        return [text if i % 4 else "" for i, text in enumerate(known)]

    def loglikelihood(self, requests: Any) -> Any:
        raise NotImplementedError

    def loglikelihood_rolling(self, requests: Any) -> Any:
        raise NotImplementedError


def test_plain_lm_eval_runs_every_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for split, first in (("train", 0), ("test", 4)):
        rows = [{"question": f"{i} + 1?", "answer": f"Easy.\n#### {i + 1}"} for i in range(first, first + 4)]
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv(DATA_VARIABLE, f"gsm8k={tmp_path}")
    manager = TaskManager(include_path=str(tasks.FOLDER), include_defaults=False)
    assert set(tasks.names()) <= set(manager.all_tasks)
    names = [name for name in tasks.names() if name == "gsm8k" or not tasks.load(name).revisions]
    names.remove("pocket_lemmas")  # nobody knows its proofs
    with evaluate.undisturbed():
        found = lm_eval.evaluate(Oracle(), manager.load(names), limit=4, bootstrap_iters=0)
    assert sorted(found["results"]) == names
    for name, metrics in found["results"].items():
        assert metrics["pass@1,all"] == 12 / 16, name
        assert (metrics["n,all"], metrics["unparsed,all"], metrics["maj@16,all"]) == (16, 4, 1), name


def test_results_are_records(reference: tuple[Path, evaluate.EvalResult]) -> None:
    counts = reference[1].counts
    assert record.Eval.model_validate_json(counts.model_dump_json()) == counts


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_equal_weights_give_equal_samples_in_whatever_precision_they_are_stored(
    model_path: str, tmp_path: Path, precision: str
) -> None:
    drawn = []
    for stored in (torch.bfloat16, torch.float32):
        folder = tmp_path / str(stored)
        model = LlamaForCausalLM.from_pretrained(model_path, dtype=torch.bfloat16)
        model.to(stored).save_pretrained(folder)
        tokenizer().save_pretrained(folder)
        judged(str(folder), folder / "store", precision=precision)
        drawn.append(texts(folder / "store"))
    assert drawn[0] == drawn[1]


def test_prompts_that_are_read_once_give_the_same_samples(
    reference: tuple[Path, evaluate.EvalResult], model_path: str, tmp_path: Path
) -> None:
    judged(model_path, tmp_path, share_prompts=True)
    assert texts(tmp_path) == texts(reference[0])
