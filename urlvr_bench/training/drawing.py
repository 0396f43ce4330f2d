"""How rows are drawn: to stop strings, by each rollout's own numbers or the process's, greedily where asked."""

import copy
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Literal

from transformers import LogitsProcessor
from trl import GRPOTrainer

from urlvr_bench.evaluation.decoding import Decoding, Draw, cut, generating_with
from urlvr_bench.training import signals


class DrawingTrainer(GRPOTrainer):
    """GRPOTrainer whose rows end at stop strings and are drawn as a protocol asks; vLLM draws by itself."""

    def __init__(
        self,
        draws: Literal["process", "rollout"] = "process",
        share_prompts: bool = False,
        stops: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.draws, self.share_prompts, self.stops = draws, share_prompts, tuple(stops)
        self.stops_now: tuple[str, ...] = ()

    def _generate_single_turn(self, *args: Any, **kwargs: Any) -> Any:
        """End each completion with the token that completes a stop string, whatever it was filled up with."""
        completion_ids, logprobs = super()._generate_single_turn(*args, **kwargs)
        if self.stops_now and not self.use_vllm:
            completion_ids = [cut(ids, self.stops_now, self._tokenizer) for ids in completion_ids]
        return completion_ids, logprobs

    @contextmanager
    def _drawing(
        self, names: Sequence[str], watch: signals.Watch | None = None, stops: tuple[str, ...] | None = None
    ) -> Iterator[None]:
        """Generate rows to stop strings, the task's or others: watched, and by their names' numbers, where wished."""
        settings = {"max_gen_toks": self.max_completion_length, "temperature": self.temperature, "top_p": 1, "top_k": 0}
        named = [f"{self.args.seed} {name}" for name in names]

        def processors(width: int) -> list[LogitsProcessor]:
            drawn: list[LogitsProcessor] = [] if self.draws == "process" else [Draw(named, settings, width)]
            return [*([watch] if watch else []), *drawn]

        self.stops_now = self.stops if stops is None else stops
        how = Decoding(processors, self.stops_now, self._tokenizer, self.share_prompts)
        try:
            with nullcontext() if self.use_vllm else generating_with(self.model, how):
                yield
        finally:
            self.stops_now = ()

    @contextmanager
    def _greedy(self) -> Iterator[None]:
        if self.use_vllm:
            engine, old = self.vllm_generation, self.vllm_generation.temperature
            engine.temperature = 0.0
            try:
                yield
            finally:
                engine.temperature = old
            return
        config, kwargs = vars(self)["generation_config"], vars(self)["generation_kwargs"]
        greedy: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        self.generation_config = copy.deepcopy(config)
        self.generation_config.update(**greedy)
        self.generation_kwargs = {**kwargs, **greedy}
        try:
            yield
        finally:
            self.generation_config, self.generation_kwargs = config, kwargs


def numbered(kind: str, prompts: Sequence[str]) -> list[str]:
    """Return a name for each row, filled in with how often its prompt came before and with the prompt."""
    seen, names = Counter[str](), []
    for prompt in prompts:
        names.append(kind.format(seen[prompt], prompt))
        seen[prompt] += 1
    return names


def as_turns(prompts: Sequence[str], chat: bool) -> list[Any]:
    """Return prompts as TRL tokenizes them: each as a user's turn in a chat, or as it is."""
    return [[{"role": "user", "content": prompt}] for prompt in prompts] if chat else list(prompts)
