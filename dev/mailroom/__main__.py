"""``python -m dev.mailroom``: take mails at SMTP_PORT and show them at MAILROOM_PORT until told to stop."""

import asyncio
import logging
import os
import signal
import sys
from threading import Thread

from dev.mailroom.door import Door
from dev.mailroom.room import Mailroom
from dev.mailroom.server import Clerk, listen

HOST = "127.0.0.1"


async def serve(pages: int, smtp: int) -> None:
    """Takes and shows mails until SIGTERM or SIGINT; OSError where a port is taken."""
    room, stop = Mailroom(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await listen(Clerk(room), HOST, smtp)
    door = Door(room, pages)
    Thread(target=door.serve_forever, daemon=True).start()
    print(f"mails at http://{HOST}:{pages}, taken at smtp://{HOST}:{smtp}", flush=True)
    await stop.wait()
    server.close()
    await asyncio.to_thread(door.shutdown)
    door.server_close()


def main() -> int:
    """The exit code; 2 with one sentence where it cannot start."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it names everybody who gets a mail
    try:
        asyncio.run(serve(int(os.environ["MAILROOM_PORT"]), int(os.environ["SMTP_PORT"])))
    except (KeyError, ValueError) as error:
        print(f"The mailroom needs MAILROOM_PORT and SMTP_PORT: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The mailroom cannot start: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
