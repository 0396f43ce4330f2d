"""What runs in a method's own process: build the walls, load the method behind them, let it take its turns.

Started as `python -s -S -P <this file>` by booth.py, before any data is loaded. It is sent groups and nothing else, and
sends JSON back.
"""

import contextlib
import json
import os
import pickle
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

LONGEST = 1000
"""Characters of an error."""

source, sink = open(0, "rb", closefd=False), open(os.dup(0), "wb")  # noqa: PTH123, SIM115 (one socket, both ways)


def hear() -> Any:
    """Return what the trainer says next; leave when it is gone."""
    length = source.read(8)
    if len(length) < 8:
        os._exit(0)
    return pickle.loads(source.read(int.from_bytes(length)))  # noqa: S301 (the trainer's own bytes)


def say(reply: bytes) -> None:
    """Send a reply."""
    sink.write(len(reply).to_bytes(8) + reply)
    sink.flush()


def encoded(reply: Any) -> bytes:
    """Return JSON; what is none goes as its repr, for the trainer to complain of."""
    return json.dumps(reply, default=repr).encode()


def facts(method: Any, kernel: bool) -> dict[str, Any]:
    """Return what the trainer has to know of a method."""
    return {
        "family": method.family,
        "paper": method.paper,
        "needs": list(method.needs),
        "binary": method.binary,
        "advantages": method.advantages,
        "scaled_over_batch": method.scaled_over_batch,
        "token_turns": method.token_turns(),
        "memory": method.memory(),
        "extras": [[extra.count, extra.view, extra.teacher_decay] for extra in method.extras()],
        "closed_by": "kernel" if kernel else "interpreter",
    }


def turn(method: Any, name: str, group: Any) -> list[Any]:
    """Return what a method does with one group, in JSON's types."""
    if name == "queries":
        return [[query.prefix, query.continuation, query.teacher_decay] for query in method.queries(group)]
    if name == "ask":
        from urlvr_bench.rollouts import Sampled

        return [[prompt, isinstance(prompt, Sampled)] for prompt in method.ask(group)]
    if name == "note":
        return [json.loads(json.dumps(method.note(group), allow_nan=False))]
    if name == "reward":
        return list(map(paid, method.reward(group)))
    return [list(map(paid, row)) for row in getattr(method, name)(group)]


def paid(reward: Any) -> Any:
    """Return a reward as a float; what is no finite number goes as how it is shown, for the trainer to complain of."""
    from urlvr_bench.training.firewall import number, shown

    found = number(reward)
    return [shown(reward)] if found is None else found


def serve(method: Any, see: Callable[..., Any], explain: Callable[[BaseException, int], bytes]) -> None:
    """Answer one batch of groups after the other; the method gets what `see` makes of a group's fields."""
    while True:
        name, groups = hear()
        done: list[list[Any]] = []
        try:
            for signals in groups:
                done.append(turn(method, name, see(signals)))
            reply = encoded({"done": done})
        except BaseException as error:  # whatever a method raises is told
            reply = explain(error, len(done))
        say(reply)


def main() -> None:
    """Be the process of one method."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # a training that is asked to stop still has a step to pay
    told = hear()
    sys.path[:0] = told["path"]
    from urlvr_bench import methods
    from urlvr_bench.rollouts import Group
    from urlvr_bench.training import admission, walls
    from urlvr_bench.training.firewall import guard

    with walls.without_ctypes():
        files = admission.prepare(told["file"])
    sys.meta_path.insert(0, files)
    kernel = walls.filter_system_calls()
    walls.forget_ctypes()
    frames = walls.audit()

    def explain(error: BaseException, group: int = 0) -> bytes:
        with frames():
            line = deepest(admission.label(told["name"]))
        try:
            what = str(error)[:LONGEST]
        except Exception:
            what = "(it does not say what)"
        return encoded({"error": type(error).__name__, "what": what, "line": line, "group": group})

    try:
        with contextlib.suppress(SyntaxError):  # which `load` tells; of all else the line is told here
            import_module(f"urlvr_bench.methods.{told['name']}")
        methods.load(told["name"])
        with frames():  # which the validation of hyper-parameters reads
            method = methods.configure(told["name"], told["params"])
        reply = encoded(facts(method, kernel))
    except BaseException as error:
        say(explain(error))
        os._exit(1)
    say(reply)
    serve(method, lambda signals: guard(Group(**signals), method), explain)


def deepest(file: str) -> int | None:
    """Return the line of the exception in hand that lies deepest in a file, None where none does."""
    place, line = sys.exc_info()[2], None
    while place is not None:
        if place.tb_frame.f_code.co_filename == file:
            line = place.tb_lineno
        place = place.tb_next
    return line


if __name__ == "__main__":
    main()
