"""The booth of a method: a process of its own in which it takes its turns, without labels and closed to all else.

It is sent groups and what they hold, pickled by us; what comes back is JSON, for nothing of the method's is trusted.
"""

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import urlvr_bench
from urlvr_bench.errors import UsageError, presentable
from urlvr_bench.needs import Signal
from urlvr_bench.rollouts import Extra, Group, Query, Sampled
from urlvr_bench.training.firewall import checked, checked_note, checked_query, checked_tokens, complaint

CHILD = Path(__file__).with_name("booth_child.py")
SECONDS = 600.0
"""How long a method may take over the groups of one batch."""
MOST = 1 << 28
"""Bytes of a reply."""
KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What the process is told of our environment: where this Python's libraries lie."""
ALONE = {"PYTHONHASHSEED": "0", **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")}
"""One order of sets in every run, and one thread."""
FIELDS = Group.__slots__


class Shown(str):
    """What a method paid that is no finite number, as its process shows it."""

    def __repr__(self) -> str:
        return str(self)


def _told(reward: Any) -> Any:
    return Shown(reward[0]) if isinstance(reward, list) and len(reward) == 1 else reward


class Booth:
    """A method of the registry, or of a `file` anywhere, in a process of its own; start it before data is loaded.

    It ends with `close`, with the thread that started it, and with this process.
    """

    def __init__(self, name: str, params: Mapping[str, Any], file: Path | None = None) -> None:
        self.name = name
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(SECONDS)
        environment = {key: os.environ[key] for key in KEPT if key in os.environ} | ALONE
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (our own file)
                [sys.executable, "-s", "-S", "-P", str(CHILD)],
                stdin=theirs.fileno(),
                stdout=2,
                env=environment,
                cwd="/",
            )
        root = str(Path(urlvr_bench.__file__).parents[1])
        path = [root, *(place for place in map(os.path.abspath, sys.path) if place != root)]
        self._send({"name": name, "params": dict(params), "file": file and file.absolute(), "path": path})

    def __enter__(self) -> "Booth":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.kill()
        self._process.wait()

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the process says of the method once it has loaded it; UsageError where it cannot."""
        found: dict[str, Any] = self._receive()
        if "error" in found:
            place = f"methods/{self.name}.py" + (f" line {found['line']}" if found["line"] else "")
            kind = "" if found["error"] == "UsageError" else f"{place}: {found['error']}: "
            raise UsageError(kind + presentable(found["what"]))
        return found

    @property
    def needs(self) -> tuple[Signal, ...]:
        """The signals that the method declares."""
        return tuple(self.facts["needs"])

    @property
    def binary(self) -> bool:
        """Whether every reward is 0 or 1."""
        return bool(self.facts["binary"])

    @property
    def advantages(self) -> bool:
        """Whether the method pays advantages."""
        return bool(self.facts["advantages"])

    @property
    def scaled_over_batch(self) -> bool:
        """Whether what the method pays is scaled over the batch."""
        return bool(self.facts["scaled_over_batch"])

    @property
    def token_turns(self) -> tuple[str, ...]:
        """The turns for single tokens that the method takes."""
        return tuple(self.facts["token_turns"])

    @property
    def memory(self) -> int:
        """How many notes come back to the method."""
        return int(self.facts["memory"])

    def extras(self) -> list[Extra]:
        """Return what the method asks to be sampled."""
        return [Extra(int(count), int(view), decay) for count, view, decay in self.facts["extras"]]

    def queries(self, groups: Sequence[Group]) -> list[list[Query]]:
        """Return what the method asks to be scored, per group."""
        found = self._take("queries", groups)
        return [
            [checked_query(self.name, group, *query) for query in of_group]
            for group, of_group in zip(groups, found, strict=True)
        ]

    def ask(self, groups: Sequence[Group]) -> list[list[str]]:
        """Return what the method asks the policy, per group."""
        return [
            [Sampled(prompt) if sampled else str(prompt) for prompt, sampled in of_group]
            for of_group in self._take("ask", groups)
        ]

    def reward(self, groups: Sequence[Group]) -> list[list[float]]:
        """Return the rewards of each group."""
        paid = [list(map(_told, row)) for row in self._take("reward", groups)]
        return [checked(self.name, group, rewards) for group, rewards in zip(groups, paid, strict=True)]

    def of_tokens(self, turn: str, groups: Sequence[Group]) -> list[list[list[float]]]:
        """Return what a turn for single tokens says, per group, rollout and token."""
        said = [[list(map(_told, row)) for row in rows] for rows in self._take(turn, groups)]
        return [checked_tokens(self.name, group, turn, rows) for group, rows in zip(groups, said, strict=True)]

    def notes(self, groups: Sequence[Group]) -> list[Any]:
        """Return what to remember of each group."""
        noted = [of_group[0] for of_group in self._take("note", groups)]
        return [checked_note(self.name, group, note) for group, note in zip(groups, noted, strict=True)]

    def _take(self, turn: str, groups: Sequence[Group]) -> list[list[Any]]:
        _ = self.facts
        sent = [{field: value for field in FIELDS if (value := getattr(group, field)) is not None} for group in groups]
        self._send((turn, sent))
        found = self._receive()
        if "error" in found:
            what = presentable(f"{turn} raised {found['error']}: {found['what']}")
            raise complaint(self.name, groups[found["group"]], what, found["line"])
        done: list[list[Any]] = found["done"]
        if len(done) != len(groups) or not all(isinstance(of_group, list) for of_group in done):
            raise self._failed(f"answered {len(done)} of {len(groups)} groups")
        return done

    def _send(self, value: object) -> None:
        text = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        with suppress(BrokenPipeError, ConnectionResetError):  # the missing reply says it better
            self._socket.sendall(len(text).to_bytes(8) + text)

    def _receive(self) -> dict[str, Any]:
        try:
            length = int.from_bytes(self._read(8))
            if length > MOST:
                raise self._failed(f"answered {length:,} bytes")
            found = json.loads(self._read(length))
        except TimeoutError as error:
            raise self._failed(f"gave no answer within {SECONDS:.0f} s") from error
        except (ValueError, RecursionError) as error:
            if isinstance(error, UsageError):
                raise
            raise self._failed("answered what is no JSON") from error
        if not isinstance(found, dict):
            raise self._failed("answered what is no reply")
        return found

    def _read(self, length: int) -> bytes:
        parts, missing = [], length
        while missing:
            part = b""
            with suppress(ConnectionResetError):
                part = self._socket.recv(min(missing, 1 << 20))
            if not part:
                raise self._failed(f"ended by itself ({self._end()})")
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _end(self) -> str:
        """Return how the process ended."""
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(10)
            return signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return "it closed its socket"

    def _failed(self, what: str) -> UsageError:
        self.close()
        return UsageError(f"methods/{self.name}.py: the process of the method {what}")
