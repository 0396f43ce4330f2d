"""Imports point downward, and a wheel brings one top-level name."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "urlvr_bench"
TRAINING = {
    "signals",
    "token_statistics",
    "groups",
    "bridge",
    "trainer",
    "teacher",
    "train",
    "steplog",
    "checkpoints",
    "stopping",
    "parallel",
}
ENGINE = TRAINING | {"evaluate", "keeping", "sampling", "vllm_sampling", "decoding", "first_votes", "ranks", "replay"}
"""Modules that may import the heavy engines; nothing outside may import them at the top of a module."""
OUTSIDE = {"pocket"}


def top_imports(path: Path) -> set[str]:
    """Return the urlvr_bench modules and the foreign packages that a module imports when it is imported."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= (
                {f"{node.module}.{name.name}" for name in node.names} if node.module == "urlvr_bench" else {node.module}
            )
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


LIGHT = [path for path in sorted(PACKAGE.rglob("*.py")) if path.stem not in ENGINE and path.parent.name not in OUTSIDE]


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_light_modules_import_no_engine(path):
    for name in top_imports(path):
        assert name.split(".")[0] not in {"torch", "trl", "transformers", "lm_eval", "vllm", "accelerate"}
        assert not (name.startswith("urlvr_bench.") and name.split(".")[1] in ENGINE)


def test_trl_and_lm_eval_are_each_imported_in_few_modules():
    users = {"trl": set(), "lm_eval": set()}
    for path in PACKAGE.rglob("*.py"):
        for name in top_imports(path):
            if (package := name.split(".")[0]) in users:
                users[package].add(path.stem)
    assert users["trl"] <= {"trainer", "train", "signals"}
    assert users["lm_eval"] <= {"evaluate", "keeping", "sampling", "vllm_sampling", "replay"}
