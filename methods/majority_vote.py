"""Majority vote: a rollout earns 1 when its answer is the group's most common one."""

from dataclasses import dataclass
from typing import Literal

from urlvr_bench import Group, Method
from urlvr_bench.bounds import CountFrom0, Share
from urlvr_bench.rollouts import Extra
from urlvr_bench.voting import count, leaders, winner


@dataclass(frozen=True)
class MajorityVote(Method):
    """Reward agreement with the group's most common answer (TTRL, arXiv 2504.16084; SRT, arXiv 2505.21444).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "3", None])
    >>> MajorityVote().reward(group)
    [1.0, 1.0, 0.0, 0.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2504.16084"
    aliases = ("ttrl", "srt", "majority")
    needs = ("extra_answers",)
    binary = True
    formula = "1[a_i = argmax_a count(a)]"
    differs = (
        "TTRL and SRT break ties by the answer sampled first, which depends on the order; we take a hash of prompt "
        "and answer. TTRL's first release let an unparsed rollout vote and win (`unparsed=vote`); its second and SRT "
        "drop it, as we do. TTRL votes by string and pays by equivalence; our answers are canonical, so both are "
        "one. SRT pays by equivalence anywhere in the response, so that an answer without a box can earn 1; here it "
        "must be read as the task reads answers. In EMPO's voting mode (`ties=all`) an unparsed rollout is a cluster "
        "of one, which can win; ours earns 0. Below `threshold` SRT also masks the KL term, we only pay nothing."
    )
    same_as = ("c305220fb7615d05",)

    ties: Literal["hash", "all", "none"] = "hash"
    """Who wins a tie: one answer chosen by a hash, all of them (EMPO's voting mode), or nobody."""
    unparsed: Literal["drop", "vote"] = "drop"
    """Whether rollouts without an answer stay out of the vote or vote, together, for having none."""
    extra_votes: CountFrom0 = 0
    """Further rollouts that vote and are not trained on; TTRL votes with 64 and trains on 32 of them."""
    threshold: Share = 0.0
    """Least share of the votes that the winner must have for anybody to be paid."""

    def extras(self) -> list[Extra]:
        return [Extra(self.extra_votes)] if self.extra_votes else []

    def reward(self, group: Group) -> list[float]:
        def ballot(answers: list[str | None]) -> list[str | None]:
            return [answer or "" for answer in answers] if self.unparsed == "vote" else answers

        votes = count(ballot([*group.answers, *(vote for extra in group.extra_answers or [] for vote in extra)]))
        winners = leaders(votes)
        if self.ties == "hash":
            winners = {answer for answer in [winner(votes, group.prompt)] if answer is not None}
        elif self.ties == "none" and len(winners) > 1:
            winners = set()
        if max(votes.values(), default=0) < self.threshold * votes.total():
            winners = set()
        return [float(answer in winners) for answer in ballot(group.answers)]
