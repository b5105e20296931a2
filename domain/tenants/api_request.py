"""Requests of partners' programs and of staff, as the log of a tenant keeps them for a while."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.db import Autocommit, Primary, Row
from domain.ids import CustomerId, uuid7

KEPT = timedelta(days=30)  # a month: who looks into a fault of theirs does it within that
NEAR = timedelta(minutes=2)  # a request ends within it, so what it left behind has an id of these minutes
_FIRST = bytes(10)  # the entropy of the first id of a millisecond


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """Who sent which document, what came of it, and what it took.

    ``surface`` is partner or staff; ``caller`` the client id, or the member of staff as the audit trail names it.
    ``document`` is a registered document's id, nothing for a text; ``kind`` query, mutation, subscription, or nothing
    where none of it could be read. ``outcome`` is OK, or the code of the first error or refusal.
    """

    id: UUID
    surface: str
    caller: str
    document: str
    operation: str
    kind: str
    outcome: str
    cost: int
    milliseconds: int
    request_id: str
    at: datetime


async def add_requests(marks: Autocommit, home: CustomerId, requests: Sequence[ApiRequest]) -> None:
    """Writes them in one statement; ``home`` is the tenant's house."""
    await marks.execute(
        """INSERT INTO api_request (shard_key, id, customer_id, surface, caller, document, operation, kind, outcome,
               cost, milliseconds, request_id, recorded_at)
           SELECT $1, r.id, $2, r.surface, r.caller, r.document, r.operation, r.kind, r.outcome, r.cost, r.milliseconds,
                  r.request_id, r.recorded_at
             FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[],
                      $11::int[], $12::text[], $13::timestamptz[])
                  AS r (id, surface, caller, document, operation, kind, outcome, cost, milliseconds, request_id,
                      recorded_at)""",
        home.shard, home.uuid, [each.id for each in requests], [each.surface for each in requests],
        [each.caller for each in requests], [each.document for each in requests],
        [each.operation for each in requests], [each.kind for each in requests],
        [each.outcome for each in requests], [each.cost for each in requests],
        [each.milliseconds for each in requests], [each.request_id for each in requests],
        [each.at for each in requests],
    )  # fmt: skip


async def requests_of(
    db: Primary, home: CustomerId, partner: str | None, before: UUID | None, limit: int
) -> list[ApiRequest]:
    """The newest first, before that one if one is named; those of one partner's program if one is named."""
    if partner is None:
        rows = await db.fetch(
            """SELECT id, surface, caller, document, operation, kind, outcome, cost, milliseconds, request_id,
                      recorded_at
                 FROM api_request
                WHERE shard_key = $1 AND customer_id = $2 AND ($3::uuid IS NULL OR id < $3)
                ORDER BY id DESC LIMIT $4""",
            home.shard, home.uuid, before, limit,
        )  # fmt: skip
    else:
        rows = await db.fetch(
            """SELECT id, surface, caller, document, operation, kind, outcome, cost, milliseconds, request_id,
                      recorded_at
                 FROM api_request
                WHERE shard_key = $1 AND customer_id = $2 AND surface = 'partner' AND caller = $3
                  AND ($4::uuid IS NULL OR id < $4)
                ORDER BY id DESC LIMIT $5""",
            home.shard, home.uuid, partner, before, limit,
        )  # fmt: skip
    return [_request(row) for row in rows]


async def request_near(db: Primary, home: CustomerId, request_id: str, at: datetime) -> ApiRequest | None:
    """The request of that id whose work was committed at that instant; None once it is forgotten."""
    row = await db.fetchrow(
        """SELECT id, surface, caller, document, operation, kind, outcome, cost, milliseconds, request_id, recorded_at
             FROM api_request
            WHERE shard_key = $1 AND customer_id = $2 AND id >= $3 AND id < $4 AND request_id = $5
            ORDER BY id LIMIT 1""",
        home.shard, home.uuid, uuid7(at - NEAR, _FIRST), uuid7(at + NEAR, _FIRST), request_id,
    )  # fmt: skip
    return None if row is None else _request(row)


async def count_requests(db: Primary, home: CustomerId, partner: str | None, cap: int) -> int:
    """How many there are; counting stops at the cap."""
    count: int = await db.fetchval(
        """SELECT count(*) FROM (SELECT 1 AS one FROM api_request
                                  WHERE shard_key = $1 AND customer_id = $2
                                    AND ($3::text IS NULL OR (surface = 'partner' AND caller = $3)) LIMIT $4) AS r""",
        home.shard, home.uuid, partner, cap,
    )  # fmt: skip
    return count


async def forget_requests(marks: Autocommit, shard: int, now: datetime, batch: int = 1000) -> int:
    """Deletes those of a shard key whose time is over; returns how many."""
    forgotten = 0
    while True:
        gone = await marks.fetch(
            """DELETE FROM api_request
                WHERE shard_key = $1 AND id IN (
                      SELECT r.id FROM api_request r WHERE r.shard_key = $1 AND r.id < $2 ORDER BY r.id LIMIT $3)
                RETURNING id""",
            shard,
            uuid7(now - KEPT, _FIRST),
            batch,
        )
        forgotten += len(gone)
        if len(gone) < batch:
            return forgotten


def _request(row: Row) -> ApiRequest:
    return ApiRequest(
        row["id"], row["surface"], row["caller"], row["document"], row["operation"], row["kind"], row["outcome"],
        row["cost"], row["milliseconds"], row["request_id"], row["recorded_at"],
    )  # fmt: skip
