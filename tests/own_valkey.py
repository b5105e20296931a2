"""A queue's server that a test may kill or silence."""

import signal
import subprocess
from pathlib import Path

from redis.exceptions import RedisError

from dev.stack.binaries import valkey_program
from dev.stack.program import dying_with_parent
from jobs import queue
from tests.jobs_kit import comes_true


class OwnValkey:
    """A server of a test's own, with nothing on disk: one that was killed comes back empty."""

    def __init__(self, folder: str) -> None:
        self.socket = f"{folder}/valkey.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Starts it and waits until it answers."""
        self.launch()
        await comes_true(self.answers, "an answer of the queue's server")

    def launch(self) -> None:
        """Starts it."""
        Path(self.socket).unlink(missing_ok=True)
        options = ["--port", "0", "--unixsocket", self.socket, "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [valkey_program(), *options], stdout=subprocess.DEVNULL, preexec_fn=dying_with_parent(signal.SIGKILL)
        )

    async def answers(self) -> bool:
        """Whether it takes commands."""
        try:
            await queue.close(await queue.connect(self.url))
        except (RedisError, OSError):
            return False
        return True

    def freeze(self) -> None:
        """Silences it: it takes connections and commands, and answers none."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """kill -9."""
        if self._process:
            self._process.kill()
            self._process.wait()
