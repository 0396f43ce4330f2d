"""Whether prompts and what follows them fit into a model's context: asked before a step is taken."""

from collections.abc import Sequence

from transformers import AutoConfig, PreTrainedTokenizerBase

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Run
from urlvr_bench.task import Task
from urlvr_bench.training.drawing import as_turns

SHOWN = 60
"""Letters of a prompt that is named."""


def require(run: Run, model_path: str, tokenizer: PreTrainedTokenizerBase, task: Task, prompts: Sequence[str]) -> None:
    """Refuse a run whose prompts, or those that it is judged on after its last step, leave no room for completions."""
    training, spec = run.protocol.training, run.protocol.evaluation
    fits(model_path, tokenizer, task, prompts, "max_completion_tokens", training.max_completion_tokens)
    for name in spec.tasks(0, 0, spec.task or (None if task.own else task.name)):
        judge = tasks.load(name)
        asked = [judge.prompt(doc) for doc in judge.docs("test")[: spec.problems]]
        fits(model_path, tokenizer, judge, asked, "evaluation.max_tokens", spec.max_tokens)


def fits(
    model_path: str, tokenizer: PreTrainedTokenizerBase, task: Task, prompts: Sequence[str], setting: str, new: int
) -> None:
    """Refuse prompts that do not fit into the model's context with so many new tokens; name the longest."""
    window, distinct = context(model_path), sorted(set(prompts))
    length, longest = max(zip(tokens(tokenizer, distinct, task), distinct, strict=True))
    if window is None or length + new <= window:
        return
    mend = f"--set {setting}={window - length} at most, or " if window > length else ""
    raise UsageError(
        f"{task.name}: the longest prompt, {longest[:SHOWN]!r}, has {length} tokens, which with {setting}={new} "
        f"exceed the {window} that the model reads: {mend}leave out such prompts, or take a model that reads more"
    )


def context(model_path: str) -> int | None:
    """Return how many tokens a model reads; None where its configuration has no bound."""
    config = AutoConfig.from_pretrained(model_path, trust_remote_code=False).get_text_config()
    window: int | None = getattr(config, "max_position_embeddings", None)
    return window


def tokens(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], task: Task) -> list[int]:
    """Return the length of each prompt as the model is shown it, with its chat template where the task has chats."""
    if not task.chats(tokenizer.chat_template):
        return [len(ids) for ids in tokenizer(list(prompts))["input_ids"]]
    texts = tokenizer.apply_chat_template(as_turns(prompts, True), add_generation_prompt=True, tokenize=False)
    return [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]]
