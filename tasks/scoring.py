"""The scorers that tasks name in their YAML, one instance per answer format and prompt style."""

from urlvr_bench.tasks.boxed import Boxed, PlainBoxed
from urlvr_bench.tasks.countdown import Countdown, PlainCountdown, PocketCountdown, StatedCountdown
from urlvr_bench.tasks.instructions import Instructions
from urlvr_bench.tasks.lemma import Lemma
from urlvr_bench.tasks.line import ExpressionLine, Line, NumberLine, StatedLine
from urlvr_bench.tasks.phrase import Phrase, PlainPhrase, StatedPhrase
from urlvr_bench.tasks.pocket import ChainAddition, Continuation
from urlvr_bench.tasks.programs import Program
from urlvr_bench.tasks.stated import Stated

chain_addition = ChainAddition()
countdown = PocketCountdown()
countdown_boxed = Countdown()
countdown_boxed_plain = PlainCountdown()
countdown_boxed_native = StatedCountdown()
boxed = Boxed()
boxed_plain = PlainBoxed()
boxed_native = Stated()
phrase = Phrase()
phrase_plain = PlainPhrase()
phrase_native = StatedPhrase()
continuation = Continuation()
program = Program()
lemma = Lemma()
line = Line()
stated_line = StatedLine()
number_line = NumberLine()
expression_line = ExpressionLine()
instructions = Instructions()
