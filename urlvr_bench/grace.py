"""Stop when asked: a training at its next step boundary, once its checkpoint is sealed; anything else at once."""

import signal
from types import FrameType

EXIT_CODE = 143
"""That of SIGTERM, whichever signal asked: stopped on request, to be continued."""
SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
"""What people, services and the schedulers of clusters send some time before they kill."""


class Stopped(SystemExit):
    """The end of a process that was asked to stop; its run folder can be continued."""

    def __init__(self) -> None:
        super().__init__(EXIT_CODE)


class Request:
    """Whether this process has been asked to stop."""

    def __init__(self) -> None:
        self.made = self.can_wait = False

    def listen(self) -> None:
        """Take the signals from now on."""
        for number in SIGNALS:
            signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        """Note the request where it can wait for a checkpoint; end at once where it need not.

        Asking again does not hasten: a scheduler sends one signal and its job another.
        """
        if not self.can_wait:
            raise Stopped
        self.made = True


REQUEST = Request()
"""One per process, as signals are."""
