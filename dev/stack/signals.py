"""Ctrl-C and its kin: the first one ends the run, a second one hurries the end."""

import contextlib
import os
import select
import signal
import time
from types import FrameType, TracebackType

# One Ctrl-C can arrive twice, from the terminal and passed on by make; a person takes longer.
SAME_SIGNAL_SECONDS = 1.0
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """While entered, the first stopping signal ends the run at its next rest and later ones set `hurry`.

    Handlers only take notes: an exception raised between any two instructions can leave a lock of the standard
    library held for ever, as that of a Popen object.
    """

    entered: "StopSignals | None" = None

    def __init__(self) -> None:
        self._asked: float | None = None
        self._again = False
        self._delivered = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)

    def __enter__(self) -> "StopSignals":
        self._before = {number: signal.signal(number, self._note) for number in STOPPING}
        # The end of a child has to wake the watch; a handler that does nothing still writes to the pipe.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        StopSignals.entered = self
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        StopSignals.entered = None
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def hurry(self) -> bool:
        """Whether somebody asked again."""
        return self._again

    def wait(self, seconds: float) -> None:
        """Sleep until any signal arrives or the time is over; KeyboardInterrupt after a stopping one."""
        select.select([self._read], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._read, 512)
        self.deliver()

    def deliver(self) -> None:
        """Raise KeyboardInterrupt if a stop was asked for, once."""
        if self._asked is not None and not self._delivered:
            self._delivered = True
            raise KeyboardInterrupt

    def close_door(self) -> None:
        """From here on signals only hurry."""
        self._delivered = True

    def _note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._asked is None:
            self._asked = now
        elif now - self._asked > SAME_SIGNAL_SECONDS:
            self._again = True


def rest(seconds: float) -> None:
    """Sleep while waiting for something; here a stopping signal takes effect."""
    time.sleep(seconds)
    if StopSignals.entered:
        StopSignals.entered.deliver()
