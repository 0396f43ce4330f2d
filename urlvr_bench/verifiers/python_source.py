"""Python as text: the program in a completion, and the names that tests ask of it. Nothing is run here."""

import ast
import builtins
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

MOST = 20_000
"""Characters of a program."""
MOST_TRIALS = 20
"""Places where a program that stands in no fence may begin, and as many where it may end."""
FENCE = re.compile(r"(?P<indent>[ \t>]*(?:[-*] +)?)(?P<ticks>`{3,}|~{3,})[ \t]*(?P<language>[\w.+#-]*)[^`\n]*")
START = re.compile(r"^(?:(?:from|import|def|async def|class) +\w|@\w|\w+ = lambda\b)", re.MULTILINE)
DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORT = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Block:
    """A piece of Python in a completion, and the half-open range of characters where it stands there."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Names:
    """The names that a piece of Python defines, those that it imports, and those that it leaves to others."""

    defined: frozenset[str]
    imported: frozenset[str]
    free: frozenset[str]


def canonical(program: str) -> str:
    """Return a program with one kind of line end, without empty lines around it."""
    return re.sub(r"\r\n?", "\n", program).rstrip().strip("\n")


def parsed(text: str) -> ast.Module | int:
    """Return the syntax tree of a text or, if it is no Python, the number of the line that is to blame."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        return error.lineno or 1
    except (ValueError, RecursionError, MemoryError):
        return 1


@lru_cache(maxsize=1 << 12)
def names(text: str) -> Names:
    """Return the names of a piece of Python; a text that is none has none."""
    tree = parsed(text)
    if isinstance(tree, int):
        return Names(*[frozenset[str]()] * 3)
    imported = {_short(name) for node in tree.body if isinstance(node, IMPORT) for name in node.names}
    defined = {node.name for node in tree.body if isinstance(node, DEFINITION)}
    defined |= {name for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)) for name in _bound(node)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return Names(*map(frozenset, (defined, imported, used - set(_bound(tree)) - set(dir(builtins)))))


def _short(name: ast.alias) -> str:
    return (name.asname or name.name).split(".")[0]


def _bound(tree: ast.AST) -> Iterator[str]:
    """Yield the names that are bound anywhere in a tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias):
            yield _short(node)
        elif isinstance(node, (*DEFINITION, ast.ExceptHandler)) and node.name:
            yield node.name


def blocks(completion: str) -> list[Block]:
    """Return the code blocks that define or import something, else the program in the text, else the last code block.

    A fence may be indented, have another mark for Python or none, and stay open to the end.
    """
    fenced = [block for block in _fenced(completion) if len(block.text) <= MOST]
    useful = [block for block in fenced if names(block.text).defined | names(block.text).imported]
    return useful or _bare(completion) or fenced[-1:]


def _fenced(completion: str) -> Iterator[Block]:
    opening, start, at = None, 0, 0
    for line in completion.split("\n"):
        text, mark, after = line.rstrip(), FENCE.fullmatch(line.rstrip()), at + len(line) + 1
        begins = mark is not None and (opening is None or bool(mark["language"]))
        if opening is not None and (begins or text.endswith(opening["ticks"])):
            yield from _block(completion, start, at if mark else at + len(text) - len(opening["ticks"]), opening)
            opening = None
        if begins:
            opening, start = mark, after
        at = after
    if opening is not None:
        yield from _block(completion, start, len(completion), opening)


def _block(completion: str, start: int, end: int, opening: re.Match[str]) -> Iterator[Block]:
    """Yield what stands in a fence, moved left as far as the fence is indented, unless it is marked as no Python."""
    language, indent = opening["language"].lower(), len(opening["indent"])
    lines = canonical(completion[start:end]).split("\n")
    moved = [line[min(indent, len(line) - len(line.lstrip(" \t>"))) :] for line in lines]
    text = canonical(textwrap.dedent("\n".join(moved)))
    if text and (not language or language.startswith("py")):
        yield Block(text, start, end)


def _bare(completion: str) -> list[Block]:
    """Return the first piece of a text that begins like a program, is Python and defines something."""
    for match in list(START.finditer(completion))[:MOST_TRIALS]:
        text = canonical(completion[match.start() :][:MOST])
        for _ in range(MOST_TRIALS):
            tree = parsed(text)
            if not isinstance(tree, int):
                kept = [node.end_lineno or 0 for node in tree.body if not isinstance(node, (ast.Expr, ast.AnnAssign))]
                text = "\n".join(text.split("\n")[: max(kept, default=0)])  # what follows may be one word of English
                break
            text = "\n".join(text.split("\n")[: tree - 1])
        if names(text).defined:
            return [Block(text, match.start(), match.start() + len(text))]
    return []


def program(pieces: Sequence[str], asked: Sequence[str]) -> str:
    """Return the program among pieces of Python: the last that defines what is asked, after those that it needs."""
    missing, chosen = set(asked), list[str]()
    for piece in reversed(pieces):
        found = names(piece)
        given = found.defined | (found.imported - set(asked))  # tests import what they test
        if given & missing:
            chosen.insert(0, piece)
            missing = (missing | found.free) - given
    return "\n\n".join(chosen) or next(reversed(pieces), "")


def asked(tests: str) -> tuple[list[str], str]:
    """Return the functions and classes that tests ask of a program, and lines that import what tests leave out.

    The first are what the tests call and nothing defines; if there is no such name, the built-ins that they call.
    """
    tree = parsed(tests)
    if isinstance(tree, int):
        return [], ""
    called = [node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    free = names(tests).free
    own = sorted(free & set(called))
    modules = sorted((free - set(own)) & sys.stdlib_module_names)
    return own or sorted(set(called)), "".join(f"import {name}\n" for name in modules)
