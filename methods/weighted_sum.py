"""Weighted sum: a hybrid of other methods, written as `majority_vote+0.1*format_only`."""

from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

from urlvr_bench import Group, Method
from urlvr_bench.methods import configure, mixture, parse
from urlvr_bench.needs import LATER
from urlvr_bench.rollouts import Extra, Query
from urlvr_bench.voting import advantages


@dataclass(frozen=True)
class WeightedSum(Method):
    """Reward a weighted sum of other methods' rewards, each scaled in the group, then over the batch (GDPO).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "3", None])
    >>> [round(reward, 2) for reward in WeightedSum("majority_vote+0.5*format_only").reward(group)]
    [1.99, 1.99, 0.26, -0.74]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2601.05242"
    aliases = ("hybrid", "gdpo")
    formula = "sum_k w_k (mean_k + (r_ki - mean_k) / (std_k + 0.0001)), mean and std of term k's rewards in the group"
    differs = (
        "As GDPO and TRL's `normalize_then_sum`: each term is scaled in the group, the sum over the batch and not in "
        "the group again, so that a small weight stays small where another term is constant. The means, which the "
        "group's mean removes again, keep the curve of the proxy reward readable. R-Zero and RLPR add bare rewards "
        "and scale the sum as the protocol says (`scale=none`). A term that pays advantages makes a sum of "
        "advantages, trained on as they are: that term's own and the others' scaled deviations. A hybrid needs what "
        "its terms need, is of the family whose evidence goes furthest among its terms', and supervised if one of "
        "them is."
    )

    terms: str = "majority_vote+0.1*format_only"
    """The sum: methods, with hyper-parameters in brackets and weights in front, joined by `+`."""
    scale: Literal["group", "none"] = "group"
    """Whether a term's rewards are first brought to standard deviation 1 around their mean in the group."""

    def __post_init__(self) -> None:
        parsed = parse(self.terms)
        parts = tuple((weight, configure(name, params)) for weight, name, params in parsed)
        needs = dict.fromkeys(need for _, part in parts for need in part.needs)
        pays_advantages = any(part.advantages for _, part in parts)
        self._set("terms", "+".join(_written(*term) for term in parsed))
        self._set("parts", parts)
        self._set("needs", tuple(needs))
        self._set("family", mixture([part.family for _, part in parts]))
        self._set("advantages", pays_advantages)
        self._set("scaled_over_batch", self.scale == "group" and not pays_advantages)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)  # what follows from the terms; the instance is frozen

    @property
    def _parts(self) -> tuple[tuple[float, Method], ...]:
        return self.__dict__["parts"]  # type: ignore[no-any-return]

    def extras(self) -> list[Extra]:
        return [extra for _, part in self._parts for extra in part.extras()]

    def queries(self, group: Group) -> list[Query]:
        return [query for _, part in self._parts for query in part.queries(_seen(group, part))]

    def ask(self, group: Group) -> list[str]:
        return [prompt for _, part in self._parts for prompt in part.ask(_seen(group, part))]

    def reward(self, group: Group) -> list[float]:
        totals = [0.0] * len(group)
        served = dict.fromkeys(("extra_answers", "likelihoods", "replies"), 0)
        for weight, part in self._parts:
            first = _seen(group, part)
            questions_of: tuple[list[Any], ...] = (part.extras(), part.queries(first), part.ask(first))
            asked = zip(served, questions_of, strict=True)
            share: dict[str, Any] = {}
            for name, questions in list(asked):
                if name in part.needs:
                    share[name] = (getattr(group, name) or [])[served[name] : served[name] + len(questions)]
                    served[name] += len(questions)
            rewards = self._brought_to_scale(part, part.reward(_seen(group, part, **share)))
            totals = [total + weight * reward for total, reward in zip(totals, rewards, strict=True)]
        return totals

    def _brought_to_scale(self, part: Method, rewards: list[float]) -> list[float]:
        """Return a term's rewards as they are added: of advantages there is no mean to keep, nor anything to scale."""
        if part.advantages:
            return rewards
        mean = fmean(rewards)
        apart = advantages(rewards) if self.scale == "group" else [reward - mean for reward in rewards]
        return apart if self.advantages else [mean + part for part in apart]


def _seen(group: Group, part: Method, **later: Any) -> Group:
    """Return the group with the signals that one term declares."""
    first = {name: getattr(group, name) for name in part.needs if name not in LATER}
    return Group(group.prompt, group.completions, group.answers, **first, **later)


def _written(weight: float, name: str, params: dict[str, str]) -> str:
    given = ",".join(f"{key}={value}" for key, value in params.items())
    return (f"{weight:g}*" if weight != 1 else "") + name + (f"({given})" if given else "")
