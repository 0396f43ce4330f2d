"""What the samplers of all engines share: a name for every sample, a store of those drawn, batches that back off.

lm-eval's own models draw from one global generator, so their samples depend on the batch size and on the other tasks
of the call. Here every sample has random numbers of its own, a hash of its name.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from lm_eval.api.instance import Instance
from transformers import GenerationConfig, PreTrainedTokenizerBase

from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.decoding import greedy
from urlvr_bench.evaluation.samples import Drawn, Sample, SampleStore, before

Progress = Callable[[int, int], None]
"""Called with (samples done, samples wanted) after every batch."""
SETTINGS = {"until", "max_gen_toks", "do_sample", "temperature", "top_p", "top_k"}


class Job(NamedTuple):
    """A sample to draw."""

    name: str
    """Names the sample for ever: seed, task, prompt, settings and number; its random numbers follow from it."""
    prompt: str
    settings: Mapping[str, Any]


class Keeping(ABC):
    """The half of an lm-eval model that names, batches and stores samples; an engine supplies the other half."""

    tokenizer: PreTrainedTokenizerBase
    max_length: int
    tok_encode: Callable[[str], list[int]]
    rows: int
    """Samples asked of the engine at a time."""
    fingerprint: str
    """Tells the weights from others."""
    stop_ids: list[int]
    add_bos_token: bool | None
    drawn: Drawn
    sample_seed: int
    store: SampleStore
    progress: Progress | None

    @abstractmethod
    def _sample(self, batch: Sequence[Job], prompts: Sequence[list[int]]) -> list[Sample]:
        """Return one sample per job; all have the same settings."""

    @abstractmethod
    def close(self) -> None:
        """Free the engine."""

    def keep(self, sample_seed: int, store: Path | None, progress: Progress | None) -> None:
        """Begin with the samples that the store holds already."""
        self.sample_seed, self.progress = sample_seed, progress
        self.store, self.drawn = SampleStore(store), {}

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Return one completion per request; equal requests of one task are different samples of one problem."""
        clones: dict[str, int] = defaultdict(int)
        names: dict[tuple[str | None, str, int], str] = {}
        jobs = []
        for request in requests:
            prompt, settings = request.args
            known = (request.task_name, prompt, id(settings))
            if known not in names:
                names[known] = self._name(request)
            name = names[known]
            jobs.append(Job(f"{name}-{clones[name]}", prompt, settings))
            clones[name] += not greedy(settings)  # all clones of a greedy request are one sample
        self._draw({job.name: job for job in jobs if self._key(job) not in self.store.samples})
        self.drawn = defaultdict(list)
        for job, request in zip(jobs, requests, strict=True):
            self.drawn[request.task_name, request.doc_id].append(self.store.samples[self._key(job)])
        return [self.store.samples[self._key(job)].text for job in jobs]

    def _name(self, request: Instance) -> str:
        """Return the name that all clones of a request share."""
        prompt, settings = request.args
        if settings.keys() != SETTINGS:
            given, wanted = ", ".join(sorted(settings)), ", ".join(sorted(SETTINGS))
            raise UsageError(f"generation_kwargs of {request.task_name} are {given}; they must be {wanted}")
        what = json.dumps([self.sample_seed, request.task_name, prompt, settings], sort_keys=True)
        return hashlib.sha256(what.encode()).hexdigest()[:32]

    def _key(self, job: Job) -> str:
        """Return the store's name of a sample: its own and the weights'."""
        return f"{self.fingerprint}-{job.name}"

    def _draw(self, jobs: Mapping[str, Job]) -> None:
        """Draw and store all jobs, longest prompts first, in batches that halve when memory runs out."""
        tokens = {prompt: self.tok_encode(prompt) for prompt in {job.prompt for job in jobs.values()}}
        groups: dict[str, list[Job]] = defaultdict(list)
        for prompt, limit in {(job.prompt, job.settings["max_gen_toks"]) for job in jobs.values()}:
            self._check_room(prompt, len(tokens[prompt]), limit)
        for job in jobs.values():
            groups[json.dumps(job.settings, sort_keys=True)].append(job)
        size, done = self.rows, 0
        for group in groups.values():
            group.sort(key=lambda job: (-len(tokens[job.prompt]), job.prompt))
            while group:
                batch = group[:size]
                try:
                    samples = self._sample(batch, [tokens[job.prompt] for job in batch])
                except RuntimeError as error:
                    size = smaller(len(batch), error)
                    continue
                self.store.add({self._key(job): sample for job, sample in zip(batch, samples, strict=True)})
                del group[: len(batch)]
                done += len(batch)
                if self.progress is not None:
                    self.progress(done, len(jobs))

    def _check_room(self, prompt: str, length: int, limit: int) -> None:
        if length + limit > self.max_length:
            raise UsageError(
                f"the prompt {prompt[:60]!r} of {length} tokens and {limit} new tokens do not fit into the model's "
                f"context of {self.max_length}: lower evaluation.max_tokens, or choose a model with a longer context"
            )

    def _finish(self, row: list[int], until: Sequence[str]) -> Sample:
        """Cut a row of generated tokens at its end and decode it."""
        end = next((i for i, token in enumerate(row) if token in self.stop_ids), None)
        length = len(row) if end is None else end + 1
        text = str(self.tokenizer.decode(row[:length] if end is None else row[:end], skip_special_tokens=True))
        shown, stopped = before(until, text)
        if stopped:  # the row was filled up behind the stop string, perhaps with an end token
            length = len(row) if end is None else end
            while length and row[length - 1] == self.tokenizer.pad_token_id:
                length -= 1
        return Sample(shown, length, end is None and not stopped)


def smaller(size: int, error: RuntimeError) -> int:
    """Return half the batch size after running out of memory; raise any other error."""
    if not isinstance(error, torch.OutOfMemoryError) and "can't allocate memory" not in str(error):
        raise error
    if size == 1:
        raise UsageError("memory runs out at batch size 1: choose a smaller model or fewer max_tokens") from error
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return size // 2


def stop_ids(published: GenerationConfig, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the tokens that end a completion: the tokenizer's and all that the model's generation settings name."""
    named = published.eos_token_id
    found = {tokenizer.eos_token_id, *(named if isinstance(named, list) else [named])} - {None}
    return sorted(found)
