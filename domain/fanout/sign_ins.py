"""Sessions by the sign-in at their identity provider, wherever they stand, and sign-ins that ended long ago."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.db import Primary
from domain.ids import CustomerId, SessionId


@dataclass(frozen=True, slots=True)
class OpenSignIn:
    """A session that has not ended: whose it is, and where it is open."""

    owner: CustomerId
    id: UUID
    surface: str
    person: str

    @property
    def name(self) -> str:
        """What it is called outside; it opens nothing."""
        return str(SessionId(self.owner.shard, self.id))


async def sessions_of_sign_in(db: Primary, key: str) -> list[OpenSignIn]:
    """Those that belong to it, acting for customers as well: a handful, since a person sits at few browsers."""
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, customer_id, id, surface, person FROM web_session
            WHERE sign_in_key = $1 AND ended_at IS NULL""",
        key,
    )
    return [
        OpenSignIn(CustomerId(row["shard_key"], row["customer_id"]), row["id"], row["surface"], row["person"])
        for row in rows
    ]


async def old_sign_ins(db: Primary, before: datetime, limit: int) -> list[str]:
    """The keys of sign-ins that ended before then."""
    rows = await db.fetch(
        """-- fanout
           SELECT sign_in_key FROM ended_sign_in WHERE ended_at <= $1 LIMIT $2""",
        before,
        limit,
    )
    return [row["sign_in_key"] for row in rows]
