"""Tables on a terminal: whole cells in lines that fit, however many columns there are."""

import io
import re

import pytest
from rich.console import Console

from urlvr_bench.presentation.wording import Words, folded, markdown, show

CELLS = {
    "method": "a_method_with_a_long_name (supervised reference)",
    "collapse step: train accuracy below 10 % (5-step mean)": "1/5 seeds, median not reached [146, -), censored at 200",
    "base": "0.882 [0.864, 0.899]",
    "peak (oracle-picked)": "0.994 [0.992, 0.996]",
    "training, tokens": "178k (1.0 x)",
}
WORDS = Words("pass: a protocol", [CELLS, {**CELLS, "base": "—"}], ["One note.", "Another."])


def printed(found: list[Words], width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    show(found, console)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 120, 240])
def test_no_line_is_too_long_and_no_clause_is_broken(width: int) -> None:
    lines = printed([WORDS], width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for cell in CELLS.values():
        assert all(clause in text for clause in re.split(r"(?<=,) | (?=\()", cell)), cell
    assert sum(line.startswith("method") for line in lines) == {60: 4, 80: 3, 120: 2, 240: 1}[width]


def test_a_note_of_several_tables_is_printed_once() -> None:
    for text in ("\n".join(printed([WORDS, WORDS], 80)), markdown([WORDS, WORDS])):
        assert text.count("- One note.") == text.count("- Another.") == 1
        assert text.index("- One note.") > text.rindex("training,")


def test_a_name_that_is_wider_than_all_room_is_folded_whole() -> None:
    name = "organisation/" + "x" * 100
    assert folded(name, 40).replace("\n ", "") == name
    assert "".join(part.strip() for part in printed([Words("t", [{"model": name}], [])], 80)).endswith("x" * 40)
