"""The scorer of lemmas: Coq decides."""

import re
from collections.abc import Sequence

from urlvr_bench.errors import UsageError
from urlvr_bench.tasks.scorer import Doc, Scorer
from urlvr_bench.verifiers import proofs


class Lemma(Scorer):
    """Tactics between `Proof.` and `Qed.`; they are right if Coq accepts them, and nobody knows a gold proof."""

    has_checker = True
    gives = frozenset({"proofs_accepted"})
    costly = True
    cue = "Proof."

    def answer(self, completion: str) -> str | None:
        blocks = proofs.FENCE.findall(completion)
        script = (blocks[-1][1] if blocks else completion).strip()
        found = proofs.COQ_SCRIPT.match(script) if len(script) <= proofs.MAX_LENGTH else None
        tactics = re.sub(r"[ \t\r\n]+", " ", found["tactics"]).strip(" ") if found else ""
        return None if "```" in tactics else tactics or None

    def right(self, doc: Doc, answer: str) -> bool:
        return proofs.holds(proofs.Statement("coq", doc["public"]), self.completion(answer))

    def correct(self, doc: Doc, completion: str) -> bool:
        return self.verify(doc["public"], completion)

    def verify(self, public: str, completion: str) -> bool:
        _need_coq()
        answer = self.answer(completion)
        return answer is not None and self.right({"public": public}, answer)

    def completion(self, answer: str) -> str:
        return f"```coq\nProof. {answer} Qed.\n```"

    def __call__(self, doc: Doc, results: Sequence[Sequence[str]]) -> dict[str, float]:
        _need_coq()
        return super().__call__(doc, results)


def _need_coq() -> None:
    """Say at once what is missing, not at the first completion that looks like a proof."""
    if reason := proofs.missing("coq"):
        raise UsageError(f"proofs cannot be checked: {reason}")
