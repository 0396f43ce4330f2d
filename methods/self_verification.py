"""Self-verification: the policy is asked whether its own solution is right, and its verdict is the reward."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.asking import says_yes

QUESTION = """Somebody has handed in a solution to a problem. Find out whether it is correct.

Problem:
{problem}

Solution:
{solution}

Proceed in this order:
1. Say what the problem asks for and what it permits.
2. Follow the solution step by step and redo each calculation yourself.
3. Check that it keeps every condition of the problem.
4. Check that its final answer follows from the steps and answers the question that was asked.
5. Judge only what is written there; a solution with a mistake, a gap or no answer is not correct.

End with \\boxed{{True}} if the solution is correct and with \\boxed{{False}} if it is not."""


@dataclass(frozen=True)
class SelfVerification(Method):
    """Reward a rollout that the policy itself, asked to check it, calls correct (arXiv 2603.08660).

    >>> group = Group("3+4?", ["It is 7.", "It is 3."], ["7", "3"])
    >>> [question.count("It is") for question in SelfVerification().ask(group)]
    [1, 1]
    >>> group = Group("3+4?", ["7", "3"], ["7", "3"], replies=["so \\\\boxed{True}", "No: \\\\boxed{False}"])
    >>> SelfVerification().reward(group)
    [1.0, 0.0]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2603.08660"
    aliases = ("self-verify", "self-judge")
    needs = ("verification_prompts", "replies")
    binary = True
    formula = "1[the policy, asked, says that completion i is correct]"
    differs = (
        "The verdict is read by the study's rules, by which a reply without a box that says `untrue` or `not true` "
        "counts as true; the question is in our own words; a task may ask in its own "
        "(`verification_prompts`), and `y` and `yes`, alone or right behind worked figures, are verdicts too, whoever "
        "asks. The study samples the verdict at temperature 0.5, we take the likeliest. Its code cuts question and "
        "answer at literal `user` and `assistant` lines and shows every brace of a solution twice; ours does neither."
    )
    same_as = ("cba9dc34277dfddf", "250e2940aa145d83")

    def ask(self, group: Group) -> list[str]:
        if group.verification_prompts is not None:
            return group.verification_prompts
        return [QUESTION.format(problem=group.prompt, solution=completion) for completion in group.completions]

    def reward(self, group: Group) -> list[float]:
        return [float(says_yes(reply)) for reply in group.replies or []]
