"""A hint takes no longer than it may and leaves nothing open, wherever its time runs out."""

import asyncio
import gc
from pathlib import Path
from tempfile import TemporaryDirectory

from runtime.wake import BUDGET_SECONDS, Waker


async def test_a_hint_whose_time_runs_out_while_it_hangs_up_leaves_no_connection_open() -> None:
    loop, gone = asyncio.get_running_loop(), asyncio.Event()

    def be_busy() -> None:
        until = loop.time() + BUDGET_SECONDS
        while loop.time() < until:
            pass

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(65_536):
            pushed = said.count(b"LTRIM")
            writer.write(b"+OK\r\n" * said.count(b"CLIENT") + b":1\r\n+OK\r\n" * pushed)
            if pushed:  # the process has other things to do when the answer comes
                loop.call_soon(be_busy)
        writer.close()
        await writer.wait_closed()
        gone.set()

    with TemporaryDirectory() as folder:  # the path of a socket has to be short
        path = Path(folder, "redis")
        async with await asyncio.start_unix_server(serve, path):
            assert await Waker(f"unix://{path}").event("event_1")
            await gone.wait()
            gc.collect()  # a connection that is open still would warn, which fails the test
