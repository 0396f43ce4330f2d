"""Scorers of Countdown: an arithmetic expression that uses the given numbers and reaches the target."""

from urlvr_bench.tasks import expression
from urlvr_bench.tasks.scorer import Doc, Scorer


class Countdown(Scorer):
    """An expression, and nothing else, over exactly the given digits; it is right if its exact value is the target."""

    has_checker = True

    def answer(self, completion: str) -> str | None:
        found = expression.read(completion)
        return found.text if found else None

    def right(self, doc: Doc, answer: str) -> bool:
        return self.verify(doc["public"], answer)

    def verify(self, public: str, completion: str) -> bool:
        digits, _, target = public.partition(">")
        found = expression.read(completion)
        return found is not None and sorted(found.numbers) == sorted(map(int, digits)) and found.value == int(target)

    def completion(self, answer: str) -> str:
        return answer

    def rephrase(self, doc: Doc, view: int) -> str:
        digits, mark, target = doc["public"].partition(">")
        first = view % len(digits)
        return f"{digits[first:] + digits[:first]}{mark}{target}=".rjust(len(doc["prompt"]), ".")

    def verification_prompt(self, doc: Doc, completion: str) -> str | None:
        return f"{doc['public']}?{completion}="
