"""Sign-ins that an identity provider ended: no session and no token that belongs to one counts any more."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from domain.actor import Grant
from domain.db import Autocommit, Primary, Tx
from domain.ids import TenantId
from domain.operation import operation

KEPT = timedelta(days=30)  # no token lasts so long, nor a session that could ask for a new one


def sign_in_key(tenant: TenantId, issuer: str, name: str) -> str:
    """What the provider's own session of that name is called here: a hash, for one tenant alone."""
    return hashlib.sha256(f"{tenant}\x00{issuer}\x00{name}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class EndSignIn:
    """The sign-in by its key."""

    key: str


@operation("sessions.end_sign_in", allowed=frozenset({Grant.SYSTEM}))
async def end_sign_in(tx: Tx, command: EndSignIn) -> EndSignIn:
    """Runs under the tenant's house; from its commit on no token counts that names this sign-in."""
    tx.many_keys_reason = "the end of a sign-in stands by its own name, told under the tenant's home key"
    await tx.execute(
        "INSERT INTO ended_sign_in (sign_in_key, ended_at) VALUES ($1, $2) ON CONFLICT (sign_in_key) DO NOTHING",
        command.key,
        tx.recorded_at,
    )
    return command


async def has_ended(db: Primary, key: str) -> bool:
    """Whether its provider ended it."""
    return await db.fetchval("SELECT sign_in_key FROM ended_sign_in WHERE sign_in_key = $1", key) is not None


async def forget_sign_in(marks: Autocommit, key: str) -> None:
    """Deletes one that is old enough for no token of it to be left."""
    await marks.execute("DELETE FROM ended_sign_in WHERE sign_in_key = $1", key)
