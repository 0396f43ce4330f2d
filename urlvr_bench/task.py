"""A task: what lm-eval reads from its YAML, for training and evaluation alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.task_config import AT, OWN, known_styles, resolve

Doc = dict[str, str]
"""A problem: `id`, `prompt`, `public` (all that the prompt shows), `gold` (empty where nobody knows it), and more."""


@dataclass(frozen=True)
class Task:
    """One task: what lm-eval reads from its YAML, for training and evaluation alike."""

    name: str
    """The file's name, and `@style` where another prompt style than the file's is asked for."""
    config: Mapping[str, Any]
    """The YAML with its includes merged; functions are dotted names."""

    @property
    def version(self) -> str:
        """Changes whenever prompts, problems or scoring change; it ends with the prompt style, where there are some."""
        return "-".join(filter(None, (str(self.config["metadata"]["version"]), self.style)))

    @property
    def style(self) -> str | None:
        """The prompt style, None where the task has but one way to ask."""
        style: str | None = self.config["metadata"].get("prompt_style")
        return style

    def chats(self, template: object) -> bool:
        """Return whether prompts are turns of a tokenizer's chat template; UsageError where a needed one is missing.

        A task without prompt styles says so itself, as `chat` in its metadata.
        """
        wanted: bool | None = known_styles()[self.style].chat if self.style else self.config["metadata"].get("chat")
        if wanted and not template:
            base = self.name.partition(AT)[0]
            raise UsageError(
                f"{self.name} asks in the style {self.style}, but the model's tokenizer has no chat template: "
                f"take {base}{AT}boxed-plain, or a model with a chat template"
            )
        return bool(template) if wanted is None else wanted

    @property
    def source(self) -> str:
        """Hub id of the dataset, or the module that generates the problems."""
        return str(self.config["metadata"]["source"])

    @property
    def revision(self) -> str | None:
        """Commit of the first hub dataset; None for generated problems."""
        return next(iter(self.revisions.values()), None)

    @property
    def revisions(self) -> dict[str, str]:
        """Commit of each hub dataset; empty for generated problems."""
        sources = self.config["dataset_kwargs"].get("sources", {}).values()
        return {str(source["id"]): str(source["revision"]) for source in sources}

    @property
    def license(self) -> str:
        """SPDX name of the licence of the problems."""
        return str(self.config["metadata"]["license"])

    @property
    def description(self) -> str:
        """One sentence for lists and tables."""
        return str(self.config["metadata"]["description"])

    @property
    def max_tokens(self) -> int:
        """Length limit of a completion, tokens."""
        return int(self.config["generation_kwargs"]["max_gen_toks"])

    @property
    def stops(self) -> tuple[str, ...]:
        """Strings with which a completion is over, in training and evaluation alike."""
        return tuple(self.config["generation_kwargs"]["until"])

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits, training first."""
        named = (self.config.get(f"{kind}_split") for kind in ("training", "validation", "test"))
        return tuple(name for name in named if name)

    @property
    def has_checker(self) -> bool:
        """Whether the task can verify a completion without a label."""
        return bool(self.scorer.has_checker)

    @property
    def gives(self) -> frozenset[str]:
        """The signals for rewards that not every task has."""
        return frozenset(self.scorer.gives) | ({"verified"} if self.has_checker else frozenset())

    @cached_property
    def scorer(self) -> Any:
        """The task's `process_results`, a urlvr_bench.tasks.scoring.Scorer."""
        return resolve(self.config["process_results"])

    @property
    def labelled(self) -> bool:
        """Whether completions can be judged; nobody knows the answers to some prompts of one's own."""
        return bool(self.config["metadata"].get("labelled", True))

    @property
    def own(self) -> bool:
        """Whether it is a file of one's own, which is trained on as a whole and judged only where that is asked for."""
        return self.source == OWN

    def docs(self, split: str) -> list[Doc]:
        """Read (or generate) all problems of a split, in a fixed order; the caller keeps them."""
        docs: list[Doc] = self.selection(split).docs
        return docs

    def selection(self, split: str) -> Any:
        """Read a split: its problems, and how many published rows are not asked and why (tasks/selection.py)."""
        if split not in self.splits:
            raise unknown(f"split of {self.name}", split, self.splits)
        return self._data().select(split)

    def sample(self, split: str) -> list[Doc]:
        """Return a few problems that need no download: made-up rows in the columns of the hub dataset."""
        docs: list[Doc] = self._data().example(split)
        return docs

    def _data(self) -> Any:
        return resolve(self.config["custom_dataset"])(**self.config["metadata"], **self.config["dataset_kwargs"])

    def prompt(self, doc: Doc) -> str:
        """Return the text that the model answers."""
        return doc["prompt"]

    def judges(self, doc: Doc) -> bool:
        """Return whether completions of a problem can be judged; nobody knows the answer of some."""
        return bool(self.scorer.judges(doc))

    def gold(self, doc: Doc) -> str:
        """Return the ground-truth answer."""
        if not doc["gold"]:
            raise UsageError(f"task {self.name} has no gold answers; take a task that has, or another method")
        return doc["gold"]

    def answer(self, completion: str) -> str | None:
        """Return the answer of a completion in the task's own spelling, None where there is none."""
        answer: str | None = self.scorer.answer(completion)
        return answer

    def same(self, first: str, second: str) -> bool:
        """Return whether two canonical answers are one answer, however they are spelled; symmetric."""
        return bool(self.scorer.same(first, second))

    def classes(self, answers: Iterable[str | None]) -> dict[str, str]:
        """Return the representative of each different answer of a problem; equal answers have the same one."""
        classes: dict[str, str] = self.scorer.classes(answers)
        return classes

    def right(self, doc: Doc, answer: str) -> bool:
        """Return whether an answer solves the problem; asked of representatives, so that equal answers agree."""
        return bool(self.scorer.right(doc, answer))

    def correct(self, doc: Doc, completion: str) -> bool:
        """Return whether a completion solves the problem."""
        return bool(self.scorer.correct(doc, completion))

    @property
    def answer_cue(self) -> str:
        """What solutions write right before their answer."""
        return str(self.scorer.cue)

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        """Return the range of characters that spell the answer of a completion, None where there is none."""
        span: tuple[int, int] | None = self.scorer.answer_span(completion)
        return span

    def rephrase(self, doc: Doc, view: int) -> str:
        """Return the `view`-th rephrasing of a problem, with the same answer."""
        return str(self.scorer.rephrase(doc, view))

    def verification_prompt(self, doc: Doc, completion: str) -> str | None:
        """Return the prompt that asks a model whether a completion is right, None to leave that to the method."""
        prompt: str | None = self.scorer.verification_prompt(doc, completion)
        return prompt

    def verify(self, public: str, completion: str) -> bool:
        """Return the verdict of the label-free checker, which sees only what the prompt shows."""
        if not self.has_checker:
            known = ", ".join(resolve("urlvr_bench.tasks.with_checker")())
            raise UsageError(f"task {self.name} has no label-free checker; tasks that have one: {known}")
        return bool(self.scorer.verify(public, completion))
