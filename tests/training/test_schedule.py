"""The prompt schedule: exactly steps x prompts, fair, seeded."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlvr_bench.errors import UsageError
from urlvr_bench.settings import Training
from urlvr_bench.training import schedule


def training(**values):
    defaults = {"steps": 5, "prompts_per_step": 4, "group_size": 2, "micro_batch": 8, "learning_rate": 1.0}
    return Training(**{**defaults, "max_completion_tokens": 1, "save_every": 1, **values})


@given(docs=st.integers(1, 50), seed=st.integers(0, 5), unique=st.none() | st.integers(1, 50))
def test_every_prompt_is_shown_once_before_any_is_shown_again(docs, seed, unique):
    if unique and unique > docs:
        with pytest.raises(UsageError, match=f"{docs} training problems"):
            schedule.draw(docs, training(unique_prompts=unique), seed)
        return
    order = schedule.draw(docs, training(unique_prompts=unique), seed)
    assert len(order) == 20
    shown = Counter(order)
    assert max(shown.values()) - min(shown.values()) <= 1
    assert len(shown) == min(20, unique or docs)


def test_the_seed_decides_the_order():
    first, again, other = (schedule.draw(1000, training(), seed) for seed in (1, 1, 2))
    assert first == again != other


def test_prompts_in_order_of_the_test_split():
    order = schedule.draw(10, training(split="test", first_prompt=3, unique_prompts=2), 0)
    assert sorted(set(order)) == [3, 4]
    with pytest.raises(UsageError, match="unique_prompts=8, but the task has 7 test problems from 3 on"):
        schedule.draw(10, training(split="test", first_prompt=3, unique_prompts=8), 0)


def test_a_choice_looks_at_no_more_problems_than_it_needs():
    seen = []

    def even(offered):
        for number in offered:
            seen.append(number)
            if number % 2 == 0:
                yield number

    chosen = training(unique_prompts=4, initial_vote="wrong")
    order = schedule.draw(1000, chosen, 0, even)
    assert len(set(order)) == 4 and not any(number % 2 for number in order)
    assert len(seen) < 40 and seen[-1] in order
    with pytest.raises(UsageError, match="unique_prompts=4, but only 0 problems start with a vote that is wrong"):
        schedule.draw(1000, chosen, 0, lambda offered: iter([]))
