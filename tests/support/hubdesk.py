"""A user's machine in tests that push: signed in, with the fake Hub as the only address that can be reached."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fakehub import FakeHub, serving
from huggingface_hub import HfApi, constants

from urlvr_bench.hub.push import push
from urlvr_bench.hub.repo import Hub


@dataclass
class Desk:
    """A user's machine: what was said, what was waited for."""

    fake: FakeHub
    said: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    @property
    def hub(self) -> Hub:
        """A new connection, as each command makes."""
        return Hub(self.said.append, self.waits.append, api=HfApi(self.fake.url, library_name="urlvr-bench"))

    def push(self, *args: Any, **kwargs: Any) -> Any:
        return push(*args, hub=self.hub, **kwargs)


def signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    """Yield the desk of a user whose only Hub is the fake one; any other address is an error. For use as a fixture."""
    connect = socket.socket.connect

    def only_loopback(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", f"contacted {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_loopback)
    for name, value in {
        "HF_HUB_OFFLINE": False,
        "HF_HUB_DISABLE_XET": True,
        "HF_HUB_DISABLE_PROGRESS_BARS": True,
    }.items():
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setenv("HF_TOKEN", "hf_writer")
    monkeypatch.delenv("HF_OIDC_RESOURCE", raising=False)
    with serving() as fake:
        yield Desk(fake)
