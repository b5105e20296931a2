"""The server of a process, which is gone in time once it was told to end."""

from types import FrameType
from typing import Final

import uvicorn

from runtime.last_resort import leave_after

# Both after the signal, and below the ten seconds after which whoever started us kills.
GRACE_SECONDS: Final = 7  # for requests that are under way
LAST_SECONDS: Final = 9.0  # for all: what is written at the end may wait for servers that are silent


class Server(uvicorn.Server):
    """uvicorn's, with a last moment."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ends in order, or not."""
        if not self.should_exit:
            leave_after(LAST_SECONDS)
        super().handle_exit(sig, frame)
