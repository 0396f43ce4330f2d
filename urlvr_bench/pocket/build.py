"""Make the pocket priors anew: `urlvr-bench pocket build`. The same seed gives the same priors."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path

import torch
import transformers
from transformers import LlamaForCausalLM, set_seed

from urlvr_bench.errors import unknown
from urlvr_bench.models import PRIORS, Prior, priors, weights_hash
from urlvr_bench.pocket.corpora import corpus
from urlvr_bench.pocket.language import ALPHABET, PAD, tiny_llama, tokenizer
from urlvr_bench.pocket.pretrain import pretrain
from urlvr_bench.pocket.problems import SEED
from urlvr_bench.pocket.recipes import RECIPES, Recipe
from urlvr_bench.records.record import dumps, write_atomically
from urlvr_bench.tasks import Task, load

Say = Callable[[str], None]


def names() -> list[str]:
    """Return the names of all priors that can be built."""
    return [rung for recipe in RECIPES for rung in recipe.rungs]


def chosen(only: str | None) -> set[str]:
    """Return the names of the priors to build: all, one, or those whose names begin with `only` and a hyphen."""
    if only is None or only in names():
        return {only} if only else set(names())
    found = {name for name in names() if name.startswith(f"{only}-")}
    if not found:
        raise unknown("prior", only, names())
    return found


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
    model = _first(recipe)
    for step in pretrain(corpus(recipe.text, recipe.seed), recipe.steps, model, recipe.pace):
        if step % recipe.every:
            continue
        random_state = torch.get_rng_state()
        accuracy = measure(model, task, samples=recipe.samples)
        torch.set_rng_state(random_state)
        for name in [name for name, rung in left.items() if accuracy >= rung.accuracy and step >= rung.after]:
            del left[name]
            say(f"{name}: accuracy {accuracy:.3f} on {recipe.task} after {step} steps")
            yield Prior(name, recipe.task, step, accuracy), model
        if not left:
            return
    say(f"not reached within {recipe.steps} steps: {', '.join(left)}")


def _first(recipe: Recipe) -> LlamaForCausalLM:
    """Return the model that a recipe's training begins with."""
    if recipe.start is None:
        return tiny_llama(recipe.seed, recipe.hidden)
    return LlamaForCausalLM.from_pretrained(PRIORS / recipe.start, dtype=torch.float32)


def build(out: Path, say: Say, only: str | None = None) -> list[Prior]:
    """Pre-train the priors (or those named by `only`), save each under `out`, and bring the index priors.json there."""
    wanted = chosen(only)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    made = []
    for recipe in RECIPES:
        if not wanted & set(recipe.rungs):
            continue
        for prior, model in climb(recipe, wanted, say):
            kept = deepcopy(model).to(torch.bfloat16) if recipe.halved else model
            kept.save_pretrained(out / prior.name)
            tokenizer().save_pretrained(out / prior.name)
            made.append(replace(prior, weights=weights_hash(str(out / prior.name))))
            _list(out, made)
    return made


def _list(out: Path, made: list[Prior]) -> None:
    """Bring the index of a folder up to date with the priors made so far."""
    known = {prior.name: prior for prior in (*priors(out), *made)}
    listed = [asdict(known[name]) for name in names() if name in known]
    write_atomically(out / "priors.json", dumps(listed) + "\n")
