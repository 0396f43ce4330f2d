"""Next token: a thought earns how much likelier it makes the text that really follows."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import CountFrom0
from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import Query


@dataclass(frozen=True)
class NextToken(Method):
    """Reward the information that a thought gives about the text after the prompt, in nats (RLP, arXiv 2510.01265).

    The prompts are pieces of plain text, and the text itself is the verifier: no question, no answer, no label.

    >>> group = Group("One, two,", ["I count:", "Hm#4"], [None, None], continuation=" three", answer_cue="#")
    >>> [query.prefix for query in NextToken().queries(group)]
    ['One, two,', 'One, two,I count:', 'One, two,Hm']
    >>> import dataclasses
    >>> NextToken().reward(dataclasses.replace(group, likelihoods=[[-2.0], [-0.5], [-3.0]]))
    [1.5, -1.0]
    """

    family = "external/unlabeled-data"
    paper = "https://arxiv.org/abs/2510.01265"
    aliases = ("rlp", "information-gain")
    needs = ("continuation", "answer_cue", "likelihoods")
    formula = "mean over the next tokens x of log p(x | prompt, thought i) - log p(x | prompt)"
    differs = (
        "RLP takes the second term from a moving average of the policy, we from the policy: it is the same for all "
        "rollouts of a group, so a group mean removes it. RLP thinks before every token of a document; we think once "
        "per prompt. A thought ends at the task's answer cue, there at a closing tag."
    )
    same_as = ("93a48ef06af993cf",)

    horizon: CountFrom0 = 1
    """How many tokens of the following text count; 0 for all of them."""

    def queries(self, group: Group) -> list[Query]:
        if not group.continuation:
            raise UsageError(
                "next_token needs a task whose prompts are pieces of plain text; this one has no more text"
            )
        cue = group.answer_cue
        thoughts = [text.partition(cue)[0] if cue else text for text in group.completions]
        return [Query(group.prompt + thought, group.continuation) for thought in ["", *thoughts]]

    def reward(self, group: Group) -> list[float]:
        without, *after = [fmean(row[: self.horizon or None]) for row in group.likelihoods or []]
        return [gain - without for gain in after]
