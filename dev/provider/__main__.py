"""``python -m dev.provider``: serve at PROVIDER_URL until told to stop; exit 2 with one sentence for bad settings."""

import logging
import socket
import sqlite3
import sys
from typing import Final

from pydantic import ValidationError

from dev.provider.settings import ProviderSettings
from dev.provider.store import Store, WrongState

_BACKLOG: Final = 2048  # as uvicorn itself would ask for
_STOP_S: Final = 2  # requests that are held on purpose must not hold up the end


def main() -> int:
    """Run the provider; prints one line once it takes connections, and returns the exit code."""
    try:
        settings = ProviderSettings()  # type: ignore[call-arg]  # every field comes from the environment
        Store(settings.state_file).close()
        listener = socket.create_server((settings.host, settings.port), backlog=_BACKLOG)
    except ValidationError as error:
        faults = "; ".join(f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        return _give_up(f"the sandbox provider needs other settings: {faults}")
    except WrongState as error:
        return _give_up(str(error))
    except (OSError, sqlite3.Error) as error:
        return _give_up(f"the sandbox provider cannot start at {settings.provider_url}: {error}")
    import uvicorn  # not before it is sure that it serves: this is most of a start

    from dev.provider.http.app import build_app
    from runtime.logs import configure_logs

    configure_logs(logging.WARNING)
    logging.getLogger("dev.provider.http").setLevel(logging.INFO)  # a line for each call that says who asked
    print(f"sandbox provider at {settings.provider_url}", flush=True)
    app = build_app(settings)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_STOP_S)
    uvicorn.Server(config).run(sockets=[listener])
    return 0


def _give_up(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
