"""Imports point downward, light rooms load no engine, and every room says what happens in it."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "urlvr_bench"
FLOORS = (
    "errors needs",
    "rollouts bounds voting likeness adapters stopping",
    "asking",
    "system",
    "verifiers",
    "methods task_config local_data released settings",
    "models",
    "task",
    "methods/ tasks",
    "protocol",
    "listing records",
    "statistics pocket",
    "tasks/ presentation",
    "evaluation science",
    "training",
    "running",
    "reports review",
    "studies",
    "board",
    "hub",
    "api commands",
    "cli",
)
"""Ground first: a module imports its own room and what stands below it. Rooms, the words at the top of the package,
and the files of the top-level folders methods/ and tasks/, which are imported as urlvr_bench.methods and .tasks."""
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names.split()}
ENGINES = {"torch", "trl", "transformers", "lm_eval", "vllm", "accelerate"}
EVALUATION = {
    "evaluate",
    "shared_prompts",
    "keeping",
    "merging",
    "sampling",
    "vllm_sampling",
    "decoding",
    "replay",
}
TRAINING = {
    "configuration",
    "signals",
    "token_statistics",
    "losses",
    "start",
    "drawing",
    "trainer",
    "teacher",
    "train",
    "steplog",
    "checkpoints",
    "parallel",
    "policy",
    "room",
    "first_votes",
    "ranks",
    "sharding",
    "tracked",
}
HEAVY = {f"evaluation.{name}" for name in EVALUATION} | {f"training.{name}" for name in TRAINING}
"""Modules that may import an engine when they are imported; outside the pocket lab no other may."""


def imports(path: Path, anywhere: bool) -> set[str]:
    """Return the dotted names that a module imports: when it is imported, or `anywhere`, inside functions as well."""
    tree, found = ast.parse(path.read_text()), set()
    for node in ast.walk(tree) if anywhere else tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def floor(name: str) -> str:
    """Return the room, word or folder that `urlvr_bench.<...>` names."""
    first, *rest = name.split(".")[1:]
    return f"{first}/" if rest and (ROOT / first / f"{rest[0]}.py").is_file() else first


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
FLOORED = [(path, dotted(path).split(".")[0]) for path in MODULES]
FLOORED += [(path, f"{folder}/") for folder in ("methods", "tasks") for path in sorted((ROOT / folder).glob("*.py"))]


@pytest.mark.parametrize(("path", "room"), FLOORED, ids=lambda value: getattr(value, "name", value))
def test_no_import_points_upward(path: Path, room: str) -> None:
    for name in imports(path, anywhere=True):
        if name.startswith("urlvr_bench.") and (used := floor(name)) in LEVEL and used != room:
            assert LEVEL[used] < LEVEL[room], (
                f"{path.relative_to(ROOT)} of {room} imports {name}, which is not below it"
            )


def test_every_module_stands_on_a_floor() -> None:
    assert {room for _, room in FLOORED} == set(LEVEL)


@pytest.mark.parametrize("path", [path for path in MODULES if dotted(path) not in HEAVY], ids=dotted)
def test_light_modules_import_no_engine(path: Path) -> None:
    if path.parent.name == "pocket":
        return
    for name in imports(path, anywhere=False):
        assert name.split(".")[0] not in ENGINES
        assert not any(f"{name}.".startswith(f"urlvr_bench.{heavy}.") for heavy in HEAVY), name


def test_trl_and_lm_eval_are_each_imported_in_few_modules() -> None:
    users: dict[str, set[str]] = {"trl": set(), "lm_eval": set()}
    for path in MODULES:
        for name in imports(path, anywhere=True):
            if (package := name.split(".")[0]) in users:
                users[package].add(dotted(path))
    assert users["trl"] <= {"training.drawing", "training.configuration", "training.signals"}
    assert users["lm_eval"] <= {"review.task_check"} | {f"evaluation.{name}" for name in EVALUATION - {"decoding"}}


def test_every_room_says_in_one_sentence_what_happens_there() -> None:
    for face in PACKAGE.glob("*/__init__.py"):
        said = ast.get_docstring(ast.parse(face.read_text())) or ""
        assert said.endswith(".") and said.count("\n") < 2, face


def test_the_package_list_names_every_room() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    rooms = {f"urlvr_bench.{path.parent.name}" for path in PACKAGE.glob("*/*.py")}
    assert set(listed) == rooms | {
        f"urlvr_bench.{name}" for name in ("leaderboard", "methods", "protocols", "tasks")
    } | {"urlvr_bench"}
