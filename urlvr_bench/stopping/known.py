"""Find stopping rules by name, and read the form in which protocols and records name one: with all its parameters."""

import math
import re
from typing import NamedTuple

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.stopping import rules
from urlvr_bench.stopping.rule import RULES, StopRule

__all__ = ["RECOMMENDED", "Asked", "asked", "live", "load", "names", "rules", "stated"]

RECOMMENDED = "kl_budget"
"""The rule that was best on the runs that choose (docs/stopping.md); tables show the checkpoint that it picks."""
SPEC = re.compile(r"(\w+)(?:\((.*)\))?")


def names() -> list[str]:
    """Return the names of all rules, the simplest first."""
    return list(RULES)


def live() -> list[str]:
    """Return the names of the rules that can end a run while it trains."""
    return [name for name, rule in RULES.items() if rule.live]


def load(name: str) -> StopRule:
    """Return the rule of a name."""
    if name not in RULES:
        raise unknown("stopping rule", name, names())
    return RULES[name]


class Asked(NamedTuple):
    """A rule and the parameters that it is asked to have."""

    rule: StopRule
    params: dict[str, float]


def asked(spec: str) -> Asked:
    """Return what `name` or `name(key=value, ...)` asks for; parameters that are not named have their defaults."""
    match = SPEC.fullmatch(spec.strip())
    if match is None:
        raise UsageError(f"stopping rule {spec!r} does not read as name or name(key=value, ...)")
    rule = load(match[1])
    params = dict(rule.defaults)
    for part in filter(None, (part.strip() for part in (match[2] or "").split(","))):
        key, _, value = (piece.strip() for piece in part.partition("="))
        if key not in params:
            raise unknown(f"parameter of {rule.name}", key, params)
        params[key] = _value(rule, key, value)
    return Asked(rule, params)


def _value(rule: StopRule, key: str, text: str) -> float:
    """Return a parameter's value, of the kind that its default has."""
    kind = type(rule.defaults[key])
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        what = "whole number" if kind is int else "number"
        raise UsageError(f"{rule.name}: {key}={text!r} is no {what} above 0; its default is {rule.defaults[key]}")
    return float(value) if kind is float else value


def stated(spec: str) -> str:
    """Return a rule that can end a run, with all of its parameters, so that later defaults change no older run."""
    rule, params = asked(spec)
    if not rule.live:
        raise UsageError(
            f"stopping rule {rule.name} reads evaluations, which are made when the training is over; "
            f"choose one of {', '.join(live())}"
        )
    return rule.spec(params)
