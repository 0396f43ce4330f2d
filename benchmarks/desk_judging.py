"""Whether the desk lab's models can judge: `python benchmarks/desk_judging.py` writes results/desk-judging.json.

Each method that asks the policy is shown right answers and a wrong one to the same problem; its questions go to the
untrained model as in training, the likeliest reply, but with room for `TOKENS` tokens.
"""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from urlvr_bench import Group, methods, models, tasks
from urlvr_bench.evaluation.sampling import load
from urlvr_bench.system.files import write_atomically
from urlvr_bench.training.drawing import as_turns

OUT = Path(__file__).parents[1] / "results" / "desk-judging.json"
MODELS = ("smollm2-135m", "gemma3-270m")
JUDGES = {
    "self_verification": "words",
    "serl": "words",
    "judged_clusters": "words",
    "dupo": "arithmetic_words",
}
PROBLEMS, TOKENS, ROWS = 12, 48, 18


def groups(name: str) -> list[Group]:
    """Return one group per test problem: its right answer twice, in other words, and that of a later problem."""
    task = tasks.load(name)
    docs = task.docs("test")[: 2 * PROBLEMS]
    found = []
    for i, doc in enumerate(docs[:PROBLEMS]):
        right = task.gold(doc)
        wrong = next(gold for other in docs[i + 1 :] if (gold := task.gold(other)) != right)
        answers = [right, f"It is {right}", wrong]
        found.append(Group(task.prompt(doc), [f" {answer}" for answer in answers], answers, token_counts=[1, 1, 1]))
    return found


@torch.no_grad()
def replies(model: Any, tokenizer: Any, questions: Sequence[str]) -> list[str]:
    """Return the likeliest reply to each question: a user's turn where the model chats, else plain text."""
    chat, said = bool(tokenizer.chat_template), []
    for start in range(0, len(questions), ROWS):
        asked = list(questions[start : start + ROWS])
        if chat:
            turns = as_turns(asked, chat)
            asked = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        rows = tokenizer(asked, return_tensors="pt", padding=True, add_special_tokens=not chat)
        out = model.generate(**rows, max_new_tokens=TOKENS, do_sample=False, pad_token_id=tokenizer.pad_token_id)
        said += tokenizer.batch_decode(out[:, rows["input_ids"].shape[1] :], skip_special_tokens=True)
    return said


def judged(name: str, model: Any, tokenizer: Any, method_name: str, task: str) -> dict[str, Any]:
    """Return what a method pays right and wrong answers on the word of a model, and how often that says something."""
    _, method = methods.build(method_name)
    paid, said = [], []
    for group in groups(task):
        answered = replies(model, tokenizer, method.ask(group))
        said += answered
        paid.append(method.reward(dataclasses.replace(group, replies=answered)))
    right, _, wrong = (fmean(column) for column in zip(*paid, strict=True))
    boxed = sum("\\boxed{" in reply for reply in said)
    return {
        "model": name,
        "method": method_name,
        "task": task,
        "problems": len(paid),
        "questions": len(said),
        "tokens": TOKENS,
        "boxed": boxed,
        "empty": sum(not reply.strip() for reply in said),
        "apart": sum(first > last for first, _, last in paid),
        "right": round(right, 4),
        "wrong": round(wrong, 4),
    }


def measure(out: Path) -> None:
    """Add the rows that are missing, each as soon as it is known."""
    rows = json.loads(out.read_text()) if out.is_file() else []
    for name in MODELS:
        missing = {m: t for m, t in JUDGES.items() if not any((r["model"], r["method"]) == (name, m) for r in rows)}
        if missing:
            model, tokenizer = load(models.resolve(name), "cpu", "float32")
        for method, task in missing.items():
            rows.append(judged(name, model, tokenizer, method, task))
            write_atomically(out, json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    measure(OUT)
