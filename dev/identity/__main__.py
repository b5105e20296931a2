"""``python -m dev.identity``: serve at OIDC_ISSUER until told to stop; exit 2 with one sentence for bad settings."""

import socket
import sys
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from dev.identity.settings import IdentitySettings

if TYPE_CHECKING:
    from starlette.applications import Starlette

_BACKLOG: Final = 2048  # as uvicorn itself would ask for
_STOP_S: Final = 2  # no request here takes longer


def main() -> int:
    """Run the provider; prints one line once it takes connections, and returns the exit code."""
    try:
        settings = IdentitySettings()  # type: ignore[call-arg]  # every field comes from the environment
    except ValidationError as error:
        faults = "; ".join(f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        return _give_up(f"the dev identity provider needs other settings: {faults}")
    from dev.identity.app import build_app  # not before it is sure that it serves: it is most of a start
    from dev.identity.keys import WrongState

    try:
        app, listener = build_app(settings), _listen(settings)
    except WrongState as error:
        return _give_up(str(error))
    except OSError as error:
        return _give_up(f"the dev identity provider cannot start at {settings.oidc_issuer}: {error}")
    print(f"dev identity provider at {settings.oidc_issuer}", flush=True)
    _serve(app, listener)
    return 0


def _listen(settings: IdentitySettings) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(address, family=family, backlog=_BACKLOG)


def _serve(app: "Starlette", listener: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_STOP_S)
    uvicorn.Server(config).run(sockets=[listener])


def _give_up(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
