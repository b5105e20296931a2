"""What ends a process that was told to end and does not."""

import logging
import os
import threading
from typing import Final

LOG: Final = logging.getLogger("quittance.end")


def leave_after(seconds: float) -> None:
    """Has the process gone so many seconds from now with exit code 0, whatever it still waits for: as by a kill, what
    is under way rolls back, and its rows stay due."""
    # A thread, since the end of the loop itself waits for whatever was cancelled.
    last = threading.Timer(seconds, _leave)
    last.daemon = True
    last.start()


def _leave() -> None:
    LOG.warning("ended without waiting any longer")
    os._exit(0)
