"""The passwords and keys of one state directory, made at random on its first start."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

# 24 bytes are beyond guessing and, as hex, need no quoting in SQL, URLs or password files.
PASSWORD_BYTES = 24
# AES-256 takes exactly 32.
SEALING_BYTES = 32


@dataclass(frozen=True, repr=False)
class Keys:
    """Secrets of the stack; never printed, never in an argument list."""

    superuser: str
    owner: str
    app: str
    replication: str
    provider_secret: str
    webhook_secret: str
    sealing_key: str


def keys_in(path: Path) -> Keys:
    """The keys kept in this file; it is made, readable by its owner alone, where it does not exist."""
    if not path.exists():
        _write(path, _fresh())
    return Keys(**json.loads(path.read_text()))


def _fresh() -> Keys:
    return Keys(
        superuser=secrets.token_hex(PASSWORD_BYTES),
        owner=secrets.token_hex(PASSWORD_BYTES),
        app=secrets.token_hex(PASSWORD_BYTES),
        replication=secrets.token_hex(PASSWORD_BYTES),
        provider_secret=secrets.token_hex(PASSWORD_BYTES),
        # The Standard Webhooks form: whsec_ and base64.
        webhook_secret="whsec_" + base64.b64encode(secrets.token_bytes(PASSWORD_BYTES)).decode(),
        sealing_key=base64.b64encode(secrets.token_bytes(SEALING_BYTES)).decode(),
    )


def _write(path: Path, keys: Keys) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(keys), file)
    draft.rename(path)
