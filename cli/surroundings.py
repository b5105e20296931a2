"""What a command finds around it: the environment it was given, else the stack that runs on this machine."""

import os
from collections.abc import MutableMapping
from typing import Final

from dev.stack.addresses import GIVEN_DATABASES, mail_settings, ports_from, servers_of, settings_of
from dev.stack.claim import is_claimed
from dev.stack.keys import keys_in
from dev.stack.plan import state_from
from dev.stack.state import known_layout
from dev.stack.trouble import StackError

# What needs the owner's address alone, and says itself that it is missing.
WITH_OWNER: Final = ("migrate", "distribute")
WITH_SETTINGS: Final = ("tenant", "verify", "dead-letters", "refetch-events", "persist")


def prepare(command: str | None) -> None:
    """Completes the environment for this command; StackError says in one sentence what it lacks."""
    if command not in WITH_OWNER + WITH_SETTINGS:
        return
    found = _use_stack_here(os.environ)
    if command in WITH_OWNER:
        return
    from pydantic import ValidationError  # both not before a command needs them: they are slow to import

    from runtime.settings import settings

    try:
        settings()
    except ValidationError as error:
        names = ", ".join(sorted({str(each["loc"][0]).upper() for each in error.errors() if each["loc"]}))
        hint = "" if found else ", and no stack runs here whose settings could be used: `make run` starts one"
        raise StackError(f"These settings are missing or malformed: {names}{hint}.") from None


def _use_stack_here(environ: MutableMapping[str, str]) -> bool:
    """Fills in the settings of the running stack, unless a database was named; whether it did."""
    if any(environ.get(name) for name in GIVEN_DATABASES) or environ.get("ENVIRONMENT", "dev") != "dev":
        return False
    root = state_from(environ)
    layout = known_layout(root)
    if layout is None or not is_claimed(root):
        return False
    keys, ports = keys_in(layout.keys), ports_from(environ)
    found = settings_of(layout, keys, ports, servers_of(layout, keys, {})) | mail_settings(ports)
    for name, value in found.items():
        environ.setdefault(name, value)
    return True
