"""The prompt schedule: exactly steps x prompts, fair, seeded."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlvr_bench import schedule
from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Training


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
