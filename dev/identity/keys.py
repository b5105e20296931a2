"""Private keys: those that sign tokens, and those of the demo partners' programs."""

import json
import os
from pathlib import Path
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

CURVE: Final = "P-256"
ALGORITHM: Final = "ES256"


class WrongState(Exception):
    """A key file holds something else; its text is for a person."""


class SigningKeys:
    """The newest key signs, all verify; kept in `signing.json` of the folder, or in memory without one."""

    def __init__(self, folder: Path | None) -> None:
        self._file = folder / "signing.json" if folder else None
        self._keys = _load(self._file) or [_generate()]
        self._save()

    @property
    def current(self) -> ECKey:
        return self._keys[0]

    @property
    def every(self) -> KeySet:
        return KeySet([*self._keys])

    def public(self) -> dict[str, Any]:
        """The JWK Set to publish."""
        return {"keys": [_described(key) for key in self._keys]}

    def rotate(self, *, keep_previous: bool) -> None:
        """Sign with a new key; the previous ones go on verifying, or are withdrawn at once."""
        self._keys = [_generate(), *(self._keys if keep_previous else ())]
        self._save()

    def _save(self) -> None:
        if self._file:
            _write(self._file, self._keys)


def client_key(folder: Path | None, client_id: str) -> ECKey:
    """The private key of a demo client, made once: `clients/{client_id}.json` of the folder holds it as a JWK Set."""
    file = folder / "clients" / f"{client_id}.json" if folder else None
    keys = _load(file) or [_generate()]
    if file:
        _write(file, keys)
    return keys[0]


def _generate() -> ECKey:
    return ECKey.generate_key(CURVE, auto_kid=True)


def _described(key: ECKey) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": key.kid, "use": "sig", "alg": ALGORITHM}


def _load(file: Path | None) -> list[ECKey]:
    if file is None or not file.exists():
        return []
    try:
        keys = [ECKey.import_key(each) for each in json.loads(file.read_text())["keys"]]
    except (ValueError, TypeError, KeyError, JoseError):
        keys = []
    if not keys or not all(key.is_private and key.curve_name == CURVE for key in keys):
        raise WrongState(f"{file} holds no private keys for {ALGORITHM}: delete it to get new ones")
    for key in keys:
        key.ensure_kid()
    return keys


def _write(file: Path, keys: list[ECKey]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as stream:
        json.dump({"keys": [{**key.as_dict(private=True), "kid": key.kid} for key in keys]}, stream)
    draft.replace(file)
