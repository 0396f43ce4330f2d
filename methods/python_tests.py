"""Python tests: a rollout earns 1 when its code passes the tests that the prompt shows."""

from dataclasses import dataclass

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class PythonTests(Method):
    """Reward code that passes every `assert` and `>>>` example of its own prompt, run in a sandbox (arXiv 2505.03335).

    >>> prompt = "Write add(a, b).\\nassert add(3, 4) == 7"
    >>> good, bad = "```python\\ndef add(a, b): return a + b\\n```", "```python\\ndef add(a, b): return a\\n```"
    >>> PythonTests().reward(Group(prompt, [good, bad], [None] * 2, tests_passed=[True, False]))
    [1.0, 0.0]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2505.03335"
    aliases = ("unit-tests", "code-execution")
    needs = ("tests_passed",)
    binary = True
    formula = "1[the program in completion i passes all tests that the prompt shows]"
    differs = (
        "Like Absolute Zero it pays what an interpreter can check; Absolute Zero's solver also earns -1 and -0.5 for "
        "bad form, and its proposer is left out. Its executor compares in the program's process, where an object that "
        "equals everything passes; here tests run in another process, which asks the program's for plain values. What "
        "a program prints is no value, and an argument that it changes stays as it was in the test."
    )

    def reward(self, group: Group) -> list[float]:
        return [float(verdict) for verdict in group.tests_passed or []]
