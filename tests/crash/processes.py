"""The API, a worker and the queue as processes of a test's own: each is killed and replaced while others work."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs import queue
from tests.crash.leases import a_minute_passes
from tests.jobs_kit import Ground, WorkerProcess, start_program
from tests.own_valkey import OwnValkey
from tests.ports import free_port


class Processes:
    """What runs; ``interrupt`` takes the next one away."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self._ground, self._folder = ground, folder
        self._running: dict[str, WorkerProcess] = {}
        self._turn = asyncio.Lock()
        self.valkey = OwnValkey(str(folder))
        self.port = free_port()
        self.interrupted: Counter[str] = Counter()

    @property
    def url(self) -> str:
        """Where the API listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Starts all three."""
        await self.valkey.start()
        for program in ("api", "jobs"):
            await self._start(program)

    async def interrupt(self) -> None:
        """The queue's server is wiped and killed, a worker killed, the API killed: in turn, each replaced at once."""
        async with self._turn:
            turns: Sequence[tuple[str, Callable[[], Awaitable[None]]]] = (
                ("queue", self._wipe),
                ("worker", lambda: self._replace("jobs")),
                ("api", lambda: self._replace("api")),
            )
            name, take_away = turns[self.interrupted.total() % len(turns)]
            await take_away()
            self.interrupted[name] += 1

    async def forget_the_dead(self) -> None:
        """A minute passes, in which nobody dies."""
        async with self._turn:
            redis = await queue.connect(self.valkey.url)
            await a_minute_passes(self._ground.house.db, redis)
            await queue.close(redis)

    async def end(self) -> None:
        """kill -9 of what is left."""
        for process in self._running.values():
            await process.kill()
        self.valkey.kill()

    async def _wipe(self) -> None:
        redis = await queue.connect(self.valkey.url)
        await redis.flushall()
        await queue.close(redis)
        self.valkey.kill()
        await self.valkey.start()

    async def _replace(self, program: str) -> None:
        assert self._running[program].process.returncode is None, f"{program} had ended by itself"
        await self._running[program].kill()
        await self._start(program)

    async def _start(self, program: str) -> None:
        log, own = self._folder / f"{program}.log", {"REDIS_URL": self.valkey.url, "PORT": str(self.port)}
        self._running[program] = await start_program(program, log, **self._ground.environment | own)


@asynccontextmanager
async def processes_on(ground: Ground) -> AsyncIterator[Processes]:
    """The processes, started; nothing is left of them after the block."""
    with TemporaryDirectory(prefix="quittance-crash-") as folder:
        started = Processes(ground, Path(folder))
        try:
            await started.start()
            yield started
        finally:
            await started.end()
