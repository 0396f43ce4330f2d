r"""Prompt styles: how a problem is put to a model. A task that has them is asked for as `task@style`.

`boxed-chat` asks an instruction-tuned model for a boxed answer, `boxed-plain` a base model; `native` asks for no
format, as lm-eval's own mathematics tasks do: it shows what a model can do before it is trained to fill a box.
"""

from dataclasses import dataclass

END = "\nQuestion:"
"""Base models go on with a problem of their own making; what follows is no part of the answer."""


@dataclass(frozen=True)
class Style:
    """The wording around a problem, and what goes with it."""

    wording: str
    chat: bool | None
    """Whether the prompt is a turn of the tokenizer's chat template; None: where it has one."""
    scorer: str = ""
    """What the name of the task's scorer ends with in this style."""
    until: tuple[str, ...] = ()
    """What ends a completion in evaluation; the scorer stops reading there in any case."""


BOX = "Please reason step by step, and put your final answer within \\boxed{}."
STYLES = {
    "boxed-chat": Style(f"{{question}}\n\n{BOX}", chat=True),
    "boxed-plain": Style(f"Question: {{question}}\n{BOX}\nAnswer:", chat=False, scorer="_plain", until=(END,)),
    "native": Style("Question: {question}\nAnswer:", chat=None, scorer="_native", until=(END,)),
}
