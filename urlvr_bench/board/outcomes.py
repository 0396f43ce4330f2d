"""What became of a method, for a row of the board: a chip with the verdict, and start, peak and end as a picture."""

from dataclasses import replace

from urlvr_bench.board.boards import Board
from urlvr_bench.board.entries import Entry
from urlvr_bench.board.values import Cell, Course, Tag, Written, spread
from urlvr_bench.board.words import DASH, percent
from urlvr_bench.statistics import downfall
from urlvr_bench.statistics.summaries import WATCHED
from urlvr_bench.statistics.verdicts import OUTCOMES, Word

STYLES: dict[Word, str] = {
    "rose and held": "held",
    "rose, then fell": "lost",
    "undecided": "flat",
    "no change": "flat",
    "like noise": "flat",
    "fell": "fallen",
    "no signal": "flat",
}
"""The CSS class of each verdict: of its chip, of its dumb-bell and of its point in the overview."""
MEANINGS: dict[Word, str] = {
    "rose and held": "Accuracy rose and stayed up until the last step",
    "rose, then fell": "Accuracy rose, and was lost again before the last step",
    "undecided": "Accuracy may have risen, or fallen after a rise; there are too few seeds or problems to say",
    "no change": "Accuracy neither rose nor fell",
    "like noise": "Accuracy neither rose nor fell, and its end cannot be told from that of the random reward",
    "fell": "Accuracy fell without having risen",
    "no signal": "No step gave anything to learn from: no answer could be read, or every gradient was 0",
}
ARROW = "\N{RIGHTWARDS ARROW}"


def style(entry: Entry) -> str:
    """Return the CSS class of what became of a method."""
    return STYLES[entry.verdict.word] if entry.verdict else "flat"


def manner(entry: Entry) -> str:
    """Return how most runs of a method that lost accuracy fell, nothing for one that held."""
    found = entry.downfall
    fell = entry.verdict is not None and entry.verdict.word in ("rose, then fell", "fell")
    return str(found) if found is not None and fell and found.word != "held" else ""


def outcome(board: Board, entry: Entry) -> Written:
    """Return the verdict as a chip, and how the runs fell where they did."""
    if entry.verdict is None:
        return Cell(DASH), (None, None)
    word, how = entry.verdict.word, manner(entry)
    tip = f"{MEANINGS[word]}.{f' {downfall.SHORT}' if how else ''}"
    chip = Tag(word, tip, f"chip {style(entry)}")
    return Cell("", how, tags=(chip,), tip=tip, order=OUTCOMES.index(word)), (word, how or None)


def course(board: Board, entry: Entry) -> Written:
    """Return the mean accuracy at the start, at the oracle-picked peak and at the end."""
    found = entry.verdict
    if found is None:
        return Cell(DASH), (None, None, None)
    start, peak, end = found.accuracies[0], found.peak, found.end
    low, high = (entry.score[f"{board.metric}_{side}"] for side in ("low", "high"))
    ends = (end, end) if low is None or high is None else (low, high)
    shown = [round(100 * value, 1) for value in (start, peak, end, *ends)]
    drawn = Course(shown[0], shown[1], shown[2], shown[3], shown[4], style(entry))
    sure = spread(entry.score, board.metric)[0].sub
    if len(found.steps) < WATCHED:
        drawn, tip = replace(drawn, peak=None), "judged too rarely for a peak to be told"
        return Cell(f"{percent(start)} {ARROW} {percent(end)}", sure, course=drawn, tip=tip, order=end), (
            start,
            None,
            None,
        )
    numbers = f" {ARROW} ".join(map(percent, (start, peak, end)))
    tip = f"start {percent(start)} %, best at step {found.peak_step}: {percent(peak)} %, end {percent(end)} %"
    return Cell(numbers, sure, course=drawn, tip=tip, order=end), (start, peak, found.peak_step)
