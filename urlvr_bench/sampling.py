"""The lm-eval model that samples a language model and keeps every sample.

lm-eval's own Hugging Face model draws from one global generator, so its samples depend on the batch size and on the
other tasks of the call. Here every sample has random numbers of its own, a hash of its name.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lm_eval.api.instance import Instance
from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LogitsProcessorList,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    StoppingCriteriaList,
)

from urlvr_bench.decoding import Draw, StopAt, greedy
from urlvr_bench.errors import UsageError
from urlvr_bench.samples import Drawn, Sample, SampleStore

Progress = Callable[[int, int], None]
"""Called with (samples done, samples wanted) after every batch."""
SETTINGS = {"until", "max_gen_toks", "do_sample", "temperature", "top_p", "top_k"}


class Job(NamedTuple):
    """A sample to draw."""

    name: str
    """Names the sample for ever: seed, task, prompt, settings and number; its random numbers follow from it."""
    prompt: str
    settings: Mapping[str, Any]


@register_model("urlvr-hf")
class Sampler(HFLM):
    """A Hugging Face causal language model with reproducible, resumable sampling."""

    drawn: Drawn

    def __init__(
        self,
        pretrained: str | PreTrainedModel,
        tokenizer: str | PreTrainedTokenizerBase | None = None,
        batch_size: int | str = 128,
        sample_seed: int | str = 0,
        store: str | Path | None = None,
        progress: Progress | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pretrained, tokenizer=tokenizer, batch_size=int(batch_size), **kwargs)
        self.sample_seed, self.progress = int(sample_seed), progress
        self.fingerprint, self.stop_ids = fingerprint(self.model), stop_ids(self.model, self.tokenizer)
        self.store, self.drawn = SampleStore(Path(store) if store else None), {}

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Return one completion per request; equal requests of one task are different samples of one problem."""
        clones: dict[str, int] = defaultdict(int)
        jobs = []
        for request in requests:
            prompt, settings = request.args
            if settings.keys() != SETTINGS:
                given, wanted = ", ".join(sorted(settings)), ", ".join(sorted(SETTINGS))
                raise UsageError(f"generation_kwargs of {request.task_name} are {given}; they must be {wanted}")
            what = json.dumps([self.sample_seed, request.task_name, prompt, settings], sort_keys=True)
            name = hashlib.sha256(what.encode()).hexdigest()[:32]
            jobs.append(Job(f"{name}-{clones[name]}", prompt, settings))
            clones[name] += not greedy(settings)  # all clones of a greedy request are one sample
        self._draw({job.name: job for job in jobs if self._key(job) not in self.store.samples})
        self.drawn = defaultdict(list)
        for job, request in zip(jobs, requests, strict=True):
            self.drawn[request.task_name, request.doc_id].append(self.store.samples[self._key(job)])
        return [self.store.samples[self._key(job)].text for job in jobs]

    def _key(self, job: Job) -> str:
        """Return the store's name of a sample: its own and the weights'."""
        return f"{self.fingerprint}-{job.name}"

    def _draw(self, jobs: Mapping[str, Job]) -> None:
        """Draw and store all jobs, longest prompts first, in batches that halve when memory runs out."""
        tokens = {prompt: self.tok_encode(prompt) for prompt in {job.prompt for job in jobs.values()}}
        groups: dict[str, list[Job]] = defaultdict(list)
        for job in jobs.values():
            self._check_room(job, len(tokens[job.prompt]))
            groups[json.dumps(job.settings, sort_keys=True)].append(job)
        size, done = int(self.batch_size), 0
        for group in groups.values():
            group.sort(key=lambda job: (-len(tokens[job.prompt]), job.prompt))
            while group:
                batch = group[:size]
                try:
                    samples = self._sample(batch, [tokens[job.prompt] for job in batch])
                except RuntimeError as error:
                    size = self._smaller(len(batch), error)
                    continue
                self.store.add({self._key(job): sample for job, sample in zip(batch, samples, strict=True)})
                del group[: len(batch)]
                done += len(batch)
                if self.progress is not None:
                    self.progress(done, len(jobs))

    def _check_room(self, job: Job, length: int) -> None:
        limit = job.settings["max_gen_toks"]
        if length + limit > self.max_length:
            raise UsageError(
                f"a prompt of {length} tokens and {limit} new tokens do not fit into the model's context of "
                f"{self.max_length}: lower evaluation.max_tokens, or choose a model with a longer context"
            )

    def _smaller(self, size: int, error: RuntimeError) -> int:
        """Return half the batch size after running out of memory; raise any other error."""
        if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
            raise error
        if size == 1:
            raise UsageError("memory runs out at batch size 1: choose a smaller model or fewer max_tokens") from error
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return size // 2

    def _sample(self, batch: Sequence[Job], prompts: Sequence[list[int]]) -> list[Sample]:
        """Return one sample per job; all have the same settings."""
        settings, pad = batch[0].settings, self.tokenizer.pad_token_id
        width = max(map(len, prompts))
        ids_B_P = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in prompts])
        mask_B_P = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        draw = [] if greedy(settings) else [Draw([job.name for job in batch], settings, width)]
        stop = [StopAt(settings["until"], self.tokenizer, width)] if settings["until"] else []
        published = self.model.generation_config
        self.model.generation_config = GenerationConfig()
        try:  # the published settings (top-k, penalties) would be applied in silence
            generated = self.model.generate(
                input_ids=ids_B_P.to(self.device),
                attention_mask=mask_B_P.to(self.device),
                logits_processor=LogitsProcessorList(draw),
                stopping_criteria=StoppingCriteriaList(stop),
                generation_config=GenerationConfig(
                    max_new_tokens=settings["max_gen_toks"],
                    eos_token_id=self.stop_ids,
                    pad_token_id=pad,
                    do_sample=False,
                ),
            )
        finally:
            self.model.generation_config = published
        return [self._finish(row, settings["until"]) for row in generated[:, width:].tolist()]

    def _finish(self, row: list[int], until: Sequence[str]) -> Sample:
        """Cut a row of generated tokens at its end and decode it."""
        end = next((i for i, token in enumerate(row) if token in self.stop_ids), None)
        length = len(row) if end is None else end + 1
        text = self.tok_decode(row[:length] if end is None else row[:end])
        stops = [place for stop in until if (place := text.find(stop)) >= 0]
        if stops and end is None:  # the row was filled up behind the stop string
            while row[length - 1] == self.tokenizer.pad_token_id:
                length -= 1
        return Sample(text[: min(stops)] if stops else text, length, end is None and not stops)


def load(path: str, device: str | None, dtype: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the model, on `device` (default: the GPU if there is one), and the tokenizer of a folder or hub id."""
    try:
        model: Any = AutoModelForCausalLM.from_pretrained(path, dtype=dtype)
        tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left")
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot load model {path}: {str(error).splitlines()[0]}") from error
    return model.to(device or ("cuda" if torch.cuda.is_available() else "cpu")), tokenizer


def stop_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the tokens that end a completion: the tokenizer's and all that the model's generation settings name."""
    named = model.generation_config.eos_token_id
    found = {tokenizer.eos_token_id, *(named if isinstance(named, list) else [named])} - {None}
    return sorted(found)


def fingerprint(model: PreTrainedModel) -> str:
    """Return 16 hex digits of a hash of some of all weights: enough to tell one checkpoint from another."""
    digest = hashlib.sha256()
    for name, weights in model.named_parameters():
        some = weights.detach().flatten()[:: max(1, weights.numel() // 64)]
        digest.update(name.encode() + some.float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
