"""The one line of a wrong name: what was meant, by its beginning, by a word in it or by spelling."""

import pytest

from urlvr_bench.errors import unknown


@pytest.mark.parametrize(
    ("given", "known", "hint"),
    [
        ("rise", ["priors", "rise-then-fall"], "; did you mean 'rise-then-fall'?"),
        ("votes", ["ties", "extra_votes"], "; did you mean 'extra_votes'?"),
        ("co_re", ["co_rewarding_1", "co_rewarding_2", "covo"], "; did you mean 'co_rewarding_1' or 'co_rewarding_2'?"),
        ("pokcet", ["paper", "pocket"], "; did you mean 'pocket'?"),
        ("gspo", ["pocket"], "."),
        ("", ["pocket"], "."),
    ],
)
def test_the_hint_names_what_may_have_been_meant(given, known, hint):
    assert str(unknown("name", given, known)) == f"unknown name {given!r}{hint} Known: {', '.join(known)}."


def test_other_names_are_suggested_and_not_listed():
    said = str(unknown("method", "ttr", ["majority_vote"], ["ttrl"]))
    assert said == "unknown method 'ttr'; did you mean 'ttrl'? Known: majority_vote."
