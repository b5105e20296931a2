"""How long a process of ours takes from its start until it says that it can serve."""

import asyncio
import time
from collections.abc import Sequence

from dev.stack.processes import CHECKOUT, module
from tests.bench.ground import Ground
from tests.bench.samples import Counted
from tests.ports import free_port

LOOK_SECONDS = 0.005  # between two looks: far below what is measured
PATIENCE_SECONDS = 60  # of a machine that is busy with other work
_ASK = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"


async def api(on: Ground, _: float) -> Counted:
    """The API, until /readyz answers 200."""
    port = free_port()
    return await _started(on, module("api"), {"PORT": str(port)}, port)


async def worker(on: Ground, _: float) -> Counted:
    """A worker, until its own door says the same."""
    port = free_port()
    return await _started(on, module("jobs"), {"METRICS_PORT": str(port)}, port)


async def _started(on: Ground, command: Sequence[str], own: dict[str, str], port: int) -> Counted:
    environment = on.stack.environment | {"PYTHONPATH": str(CHECKOUT)} | own
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command, cwd=CHECKOUT, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await _is_ready(port):
                assert process.returncode is None, f"{command} ended before it was ready"
                await asyncio.sleep(LOOK_SECONDS)
        took = time.perf_counter() - began
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    return Counted(1, took, took * 1000, took * 1000)


async def _is_ready(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(_ASK)
        return (await reader.readline()).startswith(b"HTTP/1.1 200")
    finally:
        writer.close()
