"""Weighted sum: a hybrid of other methods, written as `majority_vote+0.1*format_only`."""

from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any, Literal

from urlvr_bench import Group, Method
from urlvr_bench.methods import configure, parse
from urlvr_bench.rollouts import Extra, Query


@dataclass(frozen=True)
class WeightedSum(Method):
    """Reward a weighted sum of other methods' rewards, each brought to one scale in the group (arXiv 2601.05242).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "3", None])
    >>> [round(reward, 2) for reward in WeightedSum("majority_vote+0.5*format_only").reward(group)]
    [2.16, 2.16, 0.16, -0.99]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2601.05242"
    aliases = ("hybrid",)
    formula = "sum_k w_k (mean_k + (r_ki - mean_k) / std_k), mean and std of term k's rewards in the group"
    differs = (
        "Scaling each reward before the sum is what GDPO and Intuitor's TRL code do; R-Zero and RLPR add bare rewards "
        "(`scale=none`). The means, which those remove and a group baseline removes again, keep the curve of the proxy "
        "reward readable. A hybrid needs what its terms need, belongs to the family of its first term, and is "
        "supervised if one of them is."
    )

    terms: str = "majority_vote+0.1*format_only"
    """The sum: methods, with hyper-parameters in brackets and weights in front, joined by `+`."""
    scale: Literal["group", "none"] = "group"
    """Whether a term's rewards are first brought to standard deviation 1 around their mean in the group."""

    def __post_init__(self) -> None:
        parsed = parse(self.terms)
        parts = tuple((weight, configure(name, params)) for weight, name, params in parsed)
        needs = dict.fromkeys(need for _, part in parts for need in part.needs)
        supervised = any(part.uses_labels() for _, part in parts)
        self._set("terms", "+".join(_written(*term) for term in parsed))
        self._set("parts", parts)
        self._set("needs", tuple(needs))
        self._set("family", "supervised" if supervised else parts[0][1].family)

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
        served = {"extra_answers": 0, "likelihoods": 0, "replies": 0}
        for weight, part in self._parts:
            first = _seen(group, part)
            share: dict[str, Any] = {}
            for name, asked in (
                ("extra_answers", part.extras()),
                ("likelihoods", part.queries(first)),
                ("replies", part.ask(first)),
            ):
                if name in part.needs:
                    share[name] = (getattr(group, name) or [])[served[name] : served[name] + len(asked)]
                    served[name] += len(asked)
            rewards = part.reward(_seen(group, part, **share))
            if self.scale == "group":
                rewards = _scaled(rewards)
            totals = [total + weight * reward for total, reward in zip(totals, rewards, strict=True)]
        return totals


def _seen(group: Group, part: Method, **later: Any) -> Group:
    """Return the group with the signals that one term declares."""
    first = {
        name: getattr(group, name) for name in part.needs if name not in ("extra_answers", "likelihoods", "replies")
    }
    return Group(group.prompt, group.completions, group.answers, **first, **later)


def _scaled(rewards: list[float]) -> list[float]:
    """Stretch rewards to standard deviation 1; equal ones stay as they are."""
    mean, spread = fmean(rewards), pstdev(rewards)
    return [mean + (reward - mean) / spread for reward in rewards] if spread > 1e-9 else rewards


def _written(weight: float, name: str, params: dict[str, str]) -> str:
    given = ",".join(f"{key}={value}" for key, value in params.items())
    return (f"{weight:g}*" if weight != 1 else "") + name + (f"({given})" if given else "")
