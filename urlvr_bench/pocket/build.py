"""Make the pocket priors anew: `urlvr-bench pocket build`. The same seed gives the same priors."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

import torch
import transformers
from transformers import LlamaForCausalLM, set_seed

from urlvr_bench.errors import unknown
from urlvr_bench.models import Prior, priors
from urlvr_bench.pocket.language import ALPHABET, PAD, tokenizer
from urlvr_bench.pocket.pretrain import Text, addition_text, corpus, countdown_text, pretrain, solving_text
from urlvr_bench.pocket.problems import SEED
from urlvr_bench.records.record import dumps, write_atomically
from urlvr_bench.tasks import Task, load

Say = Callable[[str], None]


@dataclass(frozen=True)
class Rung:
    """A prior is the first measured checkpoint that reaches an accuracy on validation problems."""

    accuracy: float
    after: int = 0
    """Steps before which none is taken: a strong prior must also have had the time to become calibrated."""


@dataclass(frozen=True)
class Recipe:
    """One pre-training run and the priors that come out of it."""

    task: str
    text: Callable[[Random], Text]
    steps: int
    every: int
    """Steps between measurements."""
    rungs: dict[str, Rung]


RECIPES = (
    Recipe(
        "chain_addition",
        addition_text,
        steps=3000,
        every=5,
        rungs={
            "pocket-1": Rung(0.20),
            "pocket-2": Rung(0.35),
            "pocket-3": Rung(0.50),
            "pocket-4": Rung(0.65),
            "pocket-5": Rung(0.80),
            "pocket-6": Rung(0.86, after=1400),
        },
    ),
    Recipe("countdown_pocket", countdown_text, steps=6000, every=100, rungs={"pocket-countdown": Rung(0.50)}),
    Recipe("countdown_pocket", solving_text, steps=6000, every=100, rungs={"pocket-countdown-plain": Rung(0.50)}),
)


def names() -> list[str]:
    """Return the names of all priors that can be built."""
    return [rung for recipe in RECIPES for rung in recipe.rungs]


def measure(model: LlamaForCausalLM, task: Task, problems: int = 100, samples: int = 4) -> float:
    """Return the share of right answers at temperature 1 on the first validation problems."""
    docs, words = task.docs("validation")[:problems], tokenizer()
    prompts = [task.prompt(doc) for doc in docs for _ in range(samples)]
    ids = words(prompts, return_tensors="pt", padding=True).input_ids
    set_seed(SEED)
    with torch.no_grad():
        out = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            max_new_tokens=task.max_tokens,
            pad_token_id=ALPHABET.index(PAD),
        )
    texts = words.batch_decode(out[:, ids.shape[1] :], skip_special_tokens=True)
    return sum(task.correct(docs[i // samples], text) for i, text in enumerate(texts)) / len(texts)


def climb(recipe: Recipe, wanted: set[str], say: Say) -> Iterator[tuple[Prior, LlamaForCausalLM]]:
    """Pre-train and yield each wanted prior when it is reached; stop once none is left."""
    left = {name: rung for name, rung in recipe.rungs.items() if name in wanted}
    task = load(recipe.task)
    for step, model in pretrain(corpus(recipe.text, SEED), recipe.steps, SEED):
        if step % recipe.every:
            continue
        random_state = torch.get_rng_state()
        accuracy = measure(model, task)
        torch.set_rng_state(random_state)
        for name in [name for name, rung in left.items() if accuracy >= rung.accuracy and step >= rung.after]:
            del left[name]
            say(f"{name}: accuracy {accuracy:.3f} on {recipe.task} after {step} steps")
            yield Prior(name, recipe.task, step, accuracy), model
        if not left:
            return
    say(f"not reached within {recipe.steps} steps: {', '.join(left)}")


def build(out: Path, say: Say, only: str | None = None) -> list[Prior]:
    """Pre-train the priors (or the one named `only`), save each under `out`, and bring the index priors.json there."""
    if only and only not in names():
        raise unknown("prior", only, names())
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    wanted = {only} if only else set(names())
    made = []
    for recipe in RECIPES:
        if not wanted & set(recipe.rungs):
            continue
        for prior, model in climb(recipe, wanted, say):
            model.save_pretrained(out / prior.name)
            tokenizer().save_pretrained(out / prior.name)
            made.append(prior)
    known = {prior.name: prior for prior in (*priors(out), *made)}
    listed = [asdict(known[name]) for name in names() if name in known]
    write_atomically(out / "priors.json", dumps(listed) + "\n")
    return made
