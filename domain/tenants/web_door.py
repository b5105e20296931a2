"""Where a tenant's pages live: which host serves which surface, who signs people in there, and what may call it."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import TenantId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tenants.register import Registered

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
MAX_ORIGINS = 20  # a tenant has a portal, a console and a few previews of them


@dataclass(frozen=True, slots=True)
class WebDoor:
    """People who come to ``host`` sign in at ``issuer`` as ``client_id``; pages of ``origins`` may send the cookie."""

    host: str
    surface: str
    origin: str
    tenant: TenantId
    issuer: str
    audience: str
    client_id: str
    origins: tuple[str, ...]

    def admits(self, origin: str) -> bool:
        """Whether a page of that origin may call with the session of this door."""
        return origin == self.origin or origin in self.origins


async def web_doors(db: Primary, host: str) -> list[WebDoor]:
    """The doors of a host, as a Host header says it."""
    rows = await db.fetch(
        """SELECT host, surface, origin, tenant_id, issuer, audience, client_id, origins FROM web_door
            WHERE host = $1""",
        host,
    )
    return [
        WebDoor(
            row["host"], row["surface"], row["origin"], TenantId(row["tenant_id"]), row["issuer"], row["audience"],
            row["client_id"], tuple(row["origins"]),
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenWebDoor:
    """People of the surface sign in at this origin through the client of an issuer that is trusted for it."""

    surface: str
    origin: str
    issuer: str
    audience: str
    client_id: str
    origins: tuple[str, ...] = ()


@operation("tenants.open_web_door", allowed=frozenset({Grant.SYSTEM}))
async def open_web_door(tx: Tx, command: OpenWebDoor) -> Registered:
    """Opens the door, or changes it; INVALID_INPUT for an origin that is none, or an issuer not trusted for it."""
    if len(command.origins) > MAX_ORIGINS:
        raise Refused(RefusalCode.INVALID_INPUT, f"At most {MAX_ORIGINS} origins.", ("origins",))
    if not all(_ORIGIN.fullmatch(each) for each in (command.origin, *command.origins)):
        raise Refused(RefusalCode.INVALID_INPUT, "An origin is scheme, host and port in lower case.", ("origin",))
    trusted = await tx.fetchval(
        "SELECT surface FROM token_issuer WHERE issuer = $1 AND audience = $2 AND tenant_id = $3",
        command.issuer, command.audience, tx.head.tenant.uuid,
    )  # fmt: skip
    if trusted is None or trusted != command.surface:
        raise Refused(RefusalCode.INVALID_INPUT, "That issuer is not trusted for this surface.", ("issuer",))
    host = urlsplit(command.origin).netloc
    await tx.execute(
        """INSERT INTO web_door (host, surface, origin, tenant_id, issuer, audience, client_id, origins, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           ON CONFLICT (host, surface) DO UPDATE SET origin = EXCLUDED.origin, tenant_id = EXCLUDED.tenant_id,
               issuer = EXCLUDED.issuer, audience = EXCLUDED.audience, client_id = EXCLUDED.client_id,
               origins = EXCLUDED.origins, recorded_at = EXCLUDED.recorded_at""",
        host, command.surface, command.origin, tx.head.tenant.uuid, command.issuer, command.audience,
        command.client_id, list(command.origins), tx.recorded_at,
    )  # fmt: skip
    return Registered(f"{command.surface} at {host}")
