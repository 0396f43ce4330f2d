"""The first sentence of the site: what is measured, and on which models, said from the records."""

from collections.abc import Iterable, Sequence

from urlvr_bench.board.words import count
from urlvr_bench.records.record import ModelInfo, Record

TINY = 10_000_000
"""Parameters below which a model is called tiny: none that small writes language."""


def sentence(records: Iterable[Record]) -> str:
    """Return what the site measures, and how many tiny and how many real models were trained for it."""
    known = {record.model.name: record.model for record in records}
    tiny = [model for model in known.values() if is_tiny(model)]
    real = [model for model in known.values() if not is_tiny(model)]
    parts = [_tiny(tiny)] if tiny else []
    parts += [_real(real)] if real else ["no real language model yet"]
    return (
        "What becomes of a model that is trained by rewards that never see an answer key, "
        f"measured on {' and '.join(parts)}."
    )


def is_tiny(model: ModelInfo) -> bool:
    """Whether a model is too small to write language."""
    return model.parameters < TINY


def about(model: ModelInfo) -> str:
    """Return what kind of model a board trains, in a few words."""
    return f"{model.name} is a {'tiny model' if is_tiny(model) else 'real language model'} of {size(model)} parameters"


def size(model: ModelInfo) -> str:
    """Return the number of parameters, in millions from a million on."""
    return f"{model.parameters / 1e6:,.0f} million" if model.parameters >= 1e6 else count(model.parameters)


def _tiny(models: Sequence[ModelInfo]) -> str:
    kind = "pocket " if all(model.name.startswith("pocket") for model in models) else ""
    fewest, most = (pick(models, key=lambda model: model.parameters) for pick in (min, max))
    sizes = size(most) if fewest.parameters == most.parameters else f"{size(fewest)} to {size(most)}"
    plural = len(models) > 1
    each = " each" if plural and fewest.parameters == most.parameters else ""
    return f"{len(models)} tiny {kind}model{'s' if plural else ''} ({sizes} parameters{each})"


def _real(models: Sequence[ModelInfo]) -> str:
    listed = sorted(models, key=lambda model: (model.parameters, model.name))
    named = ", ".join(f"{model.name} with {size(model)} parameters" for model in listed)
    return f"{len(models)} real language model{'s' if len(models) > 1 else ''} ({named})"
