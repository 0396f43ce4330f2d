"""What a method says of itself: its example, its card, its hyper-parameters and its other names."""

import doctest
import inspect
import re
from collections.abc import Iterator

from urlvr_bench import methods
from urlvr_bench.needs import FAMILIES, SIGNALS
from urlvr_bench.rollouts import Method


def shows_an_example_that_holds(method: Method) -> Iterator[str]:
    """The class docstring has an example, and it is true."""
    cls = type(method)
    tests = doctest.DocTestFinder(recurse=False).find(cls, cls.__name__, globs={**vars(inspect.getmodule(cls))})
    runner = doctest.DocTestRunner(verbose=False)
    said: list[str] = []
    for test in tests:
        runner.run(test, out=said.append)
    if not runner.tries:
        yield "has no >>> example in the class docstring"
    if runner.failures:
        yield "its example does not hold: " + " ".join(" ".join(said).split())


def fills_its_card(method: Method) -> Iterator[str]:
    """Family, paper, formula, aliases and summary are there and well formed."""
    if method.family not in FAMILIES:
        yield f"family {method.family!r} is none of {', '.join(FAMILIES)}"
    if not method.paper.startswith("https://"):
        yield f"paper {method.paper!r} is no https address"
    if not method.formula:
        yield "formula is empty: say in one line what rollout i earns"
    if len(set(method.needs)) < len(method.needs) or not set(method.needs) <= set(SIGNALS):
        yield f"needs {method.needs} are not different signals among {', '.join(SIGNALS)}"
    if method.uses_labels() != (method.family == "supervised"):
        yield f"uses_labels is {method.uses_labels()} in family {method.family}: all label users are `supervised`"
    if not all(re.fullmatch(r"[a-z0-9][a-z0-9_-]*", alias) for alias in method.aliases):
        yield f"aliases {method.aliases} must be lower-case names"
    summary = (type(method).__doc__ or "").split("\n")[0]
    if not summary.endswith("."):
        yield f"the first docstring line {summary!r} must be a whole sentence"


def describes_its_hyper_parameters(method: Method) -> Iterator[str]:
    """Below every hyper-parameter stands what it is, for the method's page."""
    for field, _, description in methods.hyper_parameters(type(method)):
        if not description:
            yield f"{field} is not described: say in a string below it what it is, and its unit"


def has_other_names_of_its_own(method: Method) -> Iterator[str]:
    """No alias is the name or an alias of another method."""
    others = [name for name in methods.names() if methods.load(name) is not type(method)]
    taken = {other.replace("-", "_"): name for name in others for other in (name, *methods.load(name).aliases)}
    for alias in method.aliases:
        if (owner := taken.get(alias.replace("-", "_"))) is not None:
            yield f"alias {alias} is known as {owner} already"
