"""What an export holds of who a customer is and what was done about it, table by table; no secret is read."""

from collections.abc import Mapping, Sequence
from typing import Final

from domain.db import Replica, Row
from domain.ids import CustomerId
from domain.privacy.export_table import Place, Table, by_id, paged, whole


async def _customer(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, reference, currency, time_zone, locale, recorded_at
             FROM customer
            WHERE shard_key = $1 AND id = $2""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _billing_person(db: Replica, of: CustomerId) -> Sequence[Row]:
    return await db.fetch(
        """SELECT name, email, address, country, region, invoice_email, recorded_at
             FROM billing_person
            WHERE shard_key = $1 AND customer_id = $2""",
        of.shard, of.uuid,
    )  # fmt: skip


async def _billing_contact(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, name, email, topics, recorded_at
             FROM billing_contact
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _customer_user(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, role, email, active, recorded_at
             FROM customer_user
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _member_invitation(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, email, role, expires_at, accepted_at, withdrawn_at, recorded_at
             FROM member_invitation
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _web_session(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    """Of staff in the customer's place it says that they were there, and not who: as its activity does."""
    return await db.fetch(
        """SELECT id, surface, split_part(person, ':', 1) AS person, began_at, idle_until, ends_at, ended_at
             FROM web_session
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _tax_identity(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, kind, country, value, status, validated_at, recorded_at
             FROM tax_identity
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _tax_exemption(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, country, region, category, certificate, valid_from, valid_until, recorded_at
             FROM tax_exemption
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _tax_place(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, country, region, tax_id_country, valid_from, valid_until, recorded_at
             FROM tax_place
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _payment_method(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, kind, brand, last4, expires_year, expires_month, removed_at, recorded_at, label_sealed
             FROM payment_method
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _notice(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, kind, subject, invoice_id, sent_at, state, recorded_at
             FROM notice
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _entitlement_exception(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, feature_code, kind, value, starts_at, ends_at, reason, recorded_at
             FROM entitlement_exception
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _retention_answer(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, subscription_id, reason, offered, taken, answered_at
             FROM retention_answer
            WHERE shard_key = $1 AND customer_id = $2 AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _erasure(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT id, erase_at, decided_at, keep_until, state, recorded_at
             FROM erasure
            WHERE shard_key = $1 AND customer_id = $2 AND asked_by = 'portal' AND id > $3
            ORDER BY id LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


async def _activity(db: Replica, of: CustomerId, after: Place, limit: int) -> Sequence[Row]:
    return await db.fetch(
        """SELECT e.number, e.operation_id, b.body ->> 'operation' AS operation, split_part(b.body ->> 'actor',
                  ':', 1) AS caller, e.recorded_at
             FROM audit_entry e
             LEFT JOIN LATERAL (  -- one by one: where few are expected, all bodies were read for each entry
                   SELECT body FROM audit_body
                    WHERE shard_key = e.shard_key AND customer_id = e.customer_id
                      AND number = e.number AND recorded_at = e.recorded_at
                   OFFSET 0) b ON true
            WHERE e.shard_key = $1 AND e.customer_id = $2 AND e.number > $3
            ORDER BY e.number LIMIT $4""",
        of.shard, of.uuid, *after, limit,
    )  # fmt: skip


# By table, in the order of the export.
PERSON: Final[Mapping[str, Table]] = {
    "customer": whole(_customer),
    "billing_person": whole(_billing_person),
    "billing_contact": by_id(_billing_contact),
    "customer_user": by_id(_customer_user),
    "member_invitation": by_id(_member_invitation),
    "web_session": by_id(_web_session),
    "tax_identity": by_id(_tax_identity),
    "tax_exemption": by_id(_tax_exemption),
    "tax_place": by_id(_tax_place),
    "payment_method": by_id(_payment_method),
    "notice": by_id(_notice),
    "entitlement_exception": by_id(_entitlement_exception),
    "retention_answer": by_id(_retention_answer),
    "erasure": by_id(_erasure),
    "activity": paged(_activity, (0,), "number"),
}
