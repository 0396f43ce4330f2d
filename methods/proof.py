"""Proof: a rollout earns 1 when a proof checker accepts its proof of the prompt's statement."""

from dataclasses import dataclass

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class Proof(Method):
    """Reward a proof that Coq or Lean accepts, with no axiom and no hole (as AlphaProof in arXiv 2603.08660).

    The statement is the prompt's last code block, marked `coq` or `lean`; the proof is the completion's.

    >>> prompt = "Prove it.\\n```coq\\nLemma seven : 3 + 4 = 7.\\n```"
    >>> proofs = ["Proof. Admitted.", "Proof. reflexivity. Qed."]
    >>> Proof().reward(Group(prompt, proofs, [None, None], proofs_accepted=[False, True]))
    [0.0, 1.0]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2603.08660"
    aliases = ("coq", "lean")
    needs = ("proofs_accepted",)
    binary = True
    formula = "1[the checker accepts completion i as a proof of the prompt's statement]"
    differs = (
        "The study names AlphaProof, whose code is not public, and trains none of the kind. JURY-RL (arXiv 2604.25419) "
        "lets Lean prove the majority's answer; here each completion is checked by itself."
    )

    def reward(self, group: Group) -> list[float]:
        return [float(verdict) for verdict in group.proofs_accepted or []]
