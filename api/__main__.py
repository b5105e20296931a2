"""``python -m api``: serves the API on PORT of the loopback address."""

import sys
from contextlib import suppress

from runtime.memory import loading


def main() -> None:
    """Serves until it is told to stop."""
    loading()  # before the product is imported, which is most of a start
    from runtime.settings import settings

    given = settings()  # before it, too: whoever starts a process with wrong ones need not wait to be told
    import uvicorn

    from api.app import build_app
    from api.one_write import OneWriteProtocol
    from api.server import GRACE_SECONDS, Server
    from runtime.logs import configure_logs

    configure_logs()
    config = uvicorn.Config(
        build_app(given, stopping=lambda: server.should_exit),
        host="127.0.0.1",  # whoever serves the world puts a proxy in front, which also bounds slow headers
        port=given.port,
        loop="uvloop",
        http=OneWriteProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = Server(config)
    with suppress(KeyboardInterrupt):  # it ends in order first, and is raised again then
        server.run()
    if not server.started:
        sys.exit(3)  # as uvicorn itself does: servers were not there, or the port was taken


if __name__ == "__main__":
    main()
