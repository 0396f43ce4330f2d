"""Work that is spread over processes gives what one process would: values in order, and the first error as it is."""

import multiprocessing
import os
import sys
import time

import pytest

from urlvr_bench.errors import UsageError
from urlvr_bench.system.spreading import spread

MANY = range(500)


def test_values_come_in_order_and_see_what_was_in_memory():
    offset = 7
    with spread(lambda i: (i + offset, os.getpid())[0], MANY) as found:
        assert list(found) == [i + offset for i in MANY]


@pytest.mark.skipif(sys.platform != "linux" or len(os.sched_getaffinity(0)) == 1, reason="needs Linux and two cores")
def test_many_items_leave_this_process_and_few_stay():
    with spread(lambda _: os.getpid(), MANY) as many, spread(lambda _: os.getpid(), range(5)) as few:
        assert os.getpid() not in set(many)
        assert set(few) == {os.getpid()}


def test_work_inside_other_work_keeps_a_count_of_its_own():
    with spread(lambda i: time.sleep(0.001) or i, MANY) as outer:
        for _ in range(20):
            with spread(lambda i: i, range(15), least=2) as inner:
                assert list(inner) == [*range(15)]
        assert list(outer) == [*MANY]


@pytest.mark.parametrize("least", [100, 1000])
def test_an_error_reaches_the_caller_as_it_was_raised(least):
    def work(i):
        if i == 250:
            raise UsageError(f"item {i}: a reason")
        return i

    with pytest.raises(UsageError, match=r"^item 250: a reason$"), spread(work, MANY, least) as found:
        list(found)


@pytest.mark.skipif(sys.platform != "linux" or len(os.sched_getaffinity(0)) == 1, reason="needs Linux and two cores")
def test_no_process_outlives_the_block():
    with spread(lambda i: time.sleep(60), MANY):
        assert multiprocessing.active_children()
    assert not multiprocessing.active_children()
