"""`python -m api`: serves the API on PORT of the loopback address."""

import uvicorn

from api.app import build_app
from runtime.logs import configure_logs
from runtime.settings import settings


def main() -> None:
    """Serves until it is told to stop."""
    configure_logs()
    uvicorn.run(
        build_app(settings()),
        host="127.0.0.1",  # whoever serves the world puts a proxy in front, which also bounds slow headers
        port=settings().port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=7,  # below the ten seconds after which whoever started us kills
    )


if __name__ == "__main__":
    main()
