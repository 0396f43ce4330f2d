"""What docs/statistics.md says of the pocket priors: how each was pre-trained, and on what."""

from urlvr_bench.pocket.dial import CONFIDENCE
from urlvr_bench.pocket.problems import DIRECT_SHARE, GIVE_UP_SHARE, SEED
from urlvr_bench.pocket.recipes import CHECKER_STEPS, DIAL_STEPS, KINDS, VERIFIER_STEPS

POCKET = f"""## The pocket lab's priors

All six rungs of the ladder are checkpoints of one pre-training run of one model, with seed {SEED}: seed 0 came first
and was replaced when the ladder was shipped, together with the accuracy from which on `pocket-6` is taken (0.86 for
0.88). No comparison of seeds was kept, so nothing here says how another pre-training run would fall.

Its corpus is not only worked solutions. {GIVE_UP_SHARE:.0%} of the texts answer `#0` at once and {DIRECT_SHARE:.0%}
of the others skip the chain of thought. The constant `#0` was planted: a policy that gives up has a constant answer
to fall into. Records hold no texts, so how often a collapsed run ends in just that answer is not in them. Countdown
priors are trained alike, on their own texts.

**The dial of alignment.** `dial-a-00` to `dial-a-80` and `dial-b-00` to `dial-b-80` are `pocket-6`, trained for
{DIAL_STEPS} steps more on sums with two answers: the right one, and one whose first digit is one too high. One of
them leads, with {CONFIDENCE:.0%} of the solved texts; on the share of problems that the name gives in percent it is
the wrong one. Nothing else depends on the dial: all positions see the same sums in texts of the same length. Which
problems are wrong is decided by a seeded hash of the last digit of the sum and by how many numbers it has, so that the
policy is wrong on unseen problems as well; a hash of single problems could only be learned by heart. `a` and `b` differ
in that seed and in their texts. How many votes are wrong in fact is measured at step 0 of every run.

**Kinds.** `kind-a` to `kind-e` are {len(KINDS)} pre-trainings that share neither seed nor texts with each other or with
`pocket`: of another size (`a`, `e`), with slips in the working (`b`), mostly on two numbers and often without working
(`c`), with the last two numbers summed first (`d`), without give-ups (`e`). Each number behind the name is the first
measured checkpoint that reaches an accuracy set beforehand (`urlvr_bench/pocket/recipes.py`).

**The dial of the verifier.** `verify-base` is `pocket-countdown`, trained for {CHECKER_STEPS:,} steps more to solve
Countdown and to judge candidates by working their value out before the verdict. `verify-P-F` is trained for
{VERIFIER_STEPS} steps more on verdicts that are wrong on kinds of solutions, a kind being the pair of operators: of P
of the nine kinds every solution passes, of F of them none does. All see the same puzzles and candidates. How many right
and wrong solutions a policy accepts in fact is measured on its own rollouts in the first steps of every run.

`urlvr-bench pocket build --only dial` (or `kind-a`, `pocket-1`, ...) makes them anew with the same seeds; their weights
are kept in bfloat16, and `priors.json` has the hash of each.
"""
