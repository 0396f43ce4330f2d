"""What a method may declare: the signals it reads, where each comes from, and the family it belongs to."""

from typing import Literal, get_args

Signal = Literal[
    "token_logprobs",
    "token_entropies",
    "token_self_certainties",
    "token_top_gaps",
    "answer_spans",
    "token_counts",
    "rollout_ids",
    "answer_cue",
    "verification_prompts",
    "continuation",
    "verified",
    "tests_passed",
    "proofs_accepted",
    "extra_answers",
    "extra_texts",
    "likelihoods",
    "replies",
    "prompt_notes",
    "run_notes",
    "correct",
    "gold",
]
"""What a method may declare in `needs`; whatever it does not declare is not there."""

Family = Literal[
    "intrinsic/certainty",
    "intrinsic/ensemble",
    "external/verification",
    "external/unlabeled-data",
    "baseline",
    "supervised",
]

TOKEN_SIGNALS: tuple[Signal, ...] = ("token_logprobs", "token_entropies", "token_self_certainties", "token_top_gaps")
"""Signals that cost one forward pass of the policy over the rollouts."""
OF_TASKS: frozenset[Signal] = frozenset({"verified", "tests_passed", "proofs_accepted", "continuation"})
"""Signals that only some tasks give."""
LABELS: frozenset[Signal] = frozenset({"correct", "gold"})
SIGNALS: tuple[str, ...] = get_args(Signal)
FAMILIES: tuple[str, ...] = get_args(Family)
LATER: frozenset[Signal] = frozenset({"extra_answers", "extra_texts", "likelihoods", "replies"})
"""Signals that answer what a method asks; it asks without them."""
SOURCES: dict[Signal, str] = {
    **dict.fromkeys(TOKEN_SIGNALS, "a forward pass of the policy over the rollouts"),
    **dict.fromkeys(("answer_spans", "token_counts"), "the tokens of the rollouts"),
    "rollout_ids": "the places of the rollouts in the run",
    "continuation": "a task whose prompts are pieces of plain text",
    "verified": "a task with a label-free checker",
    "tests_passed": "the tests that the prompt shows, run in the sandbox",
    "proofs_accepted": "a proof checker",
    **dict.fromkeys(("extra_answers", "extra_texts"), "further rollouts, as `extras` asks for them"),
    "likelihoods": "the likelihood of what `queries` returns, under the policy or its teacher",
    "replies": "the policy's answers to what `ask` returns",
    **dict.fromkeys(("prompt_notes", "run_notes"), "what `note` returned at earlier steps"),
    **dict.fromkeys(LABELS, "the ground truth"),
}
"""Where each signal comes from; a task need not have `answer_cue` and `verification_prompts`."""
TOKEN_TURNS: tuple[str, ...] = ("token_advantages", "entropy_weights", "kl_weights")
"""Turns of a method that say how single tokens are trained, one value per token of a completion."""
