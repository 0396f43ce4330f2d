"""Sentences: written from records where they hold, refused where records contradict them."""

import math

import pytest
from records import fabricate

from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.reports import readme
from urlvr_bench.reports.science_readings import READINGS
from urlvr_bench.science.claims import Claim, collapses, ends, listed, mean, shares, span, starts, told
from urlvr_bench.science.kinds import KINDS
from urlvr_bench.studies import definition, in_short, pages, science_page


def test_a_sentence_that_records_contradict_is_an_error_that_quotes_it() -> None:
    assert told([Claim("It rises.", True), Claim("It falls.", True)]) == "It rises. It falls."
    with pytest.raises(UsageError, match='contradict "It holds'):
        told([Claim("It rises.", True), Claim("It holds.", False)])


def test_figures_in_words() -> None:
    assert listed([1, 2, 3]) == "1, 2 and 3" and listed(["a"]) == "a" and listed([]) == "none"
    assert shares([0.123, 0.5]) == "0.12 and 0.50"
    assert span([0.1, 0.104]) == "0.10" and span([3, 1], "d") == "1 to 3"


def test_what_is_read_of_runs() -> None:
    runs = [fabricate("majority_vote", seed, collapse_at=at) for seed, at in enumerate((None, 20, 15))]
    assert len(collapses(runs)) == 2 and collapses(runs) == sorted(collapses(runs))
    assert ends(runs)[0] > 0.7 and ends(runs)[1] == 0
    assert mean(runs, starts) == pytest.approx(math.fsum(starts(runs)) / 3)


def test_every_section_has_a_reading_and_every_study_one() -> None:
    assert {part.kind for part in science_page.PARTS} == set(READINGS) <= set(KINDS)
    assert sorted(kind for question in science_page.QUESTIONS for kind in question.kinds) == sorted(READINGS)
    assert all((science_page.PAGE.parent / question.picture).is_file() for question in science_page.QUESTIONS)
    results = pages.ROOT / "results"
    for study in map(definition.load, definition.names()):
        found = pages.stored(study, "pocket", results)
        assert ("What the pocket lab shows" if found else "None of the") in pages.page(study, found)


def test_a_page_fails_where_its_records_no_longer_say_what_it_says() -> None:
    """A run on few prompts that collapses contradicts the study of the data set's size."""
    study = definition.load("dataset-size")
    found = pages.stored(study, "pocket", pages.ROOT / "results")
    few = found[0]
    fallen = few.steps.model_copy(update={"train_accuracy": [0.0] * few.last_step})
    with pytest.raises(UsageError, match="none of the 3 runs on 32 prompts reaches"):
        pages.page(study, [few.model_copy(update={"steps": fallen}), *found[1:]])


def test_the_readme_says_what_the_records_say() -> None:
    shown = (readme.DESK, readme.DESK_GENTLE, readme.GENTLE, readme.PUSHED)
    text = readme.block(record.read_all([readme.ROOT / "results" / name for name in shown]))
    written = (readme.ROOT / "README.md").read_text()
    assert text in written and in_short.block(record.read_all([readme.ROOT / "results"])) in written
