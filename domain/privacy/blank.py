"""What erasing takes away, table by table; ``migrations/personal.py`` says it of every column there is."""

from domain import due
from domain.db import Tx
from domain.payments.method_label import seal_labels
from domain.payments.order_methods import DETACH
from domain.privacy.data_export import forget_exports


async def blank_person(tx: Tx) -> None:
    """Leaves nothing in the customer's own tables that says who it is.

    Methods are detached, logins made free and the provider's words forgotten right after the commit.
    """
    tx.many_keys_reason = "the directory of references names the customer too"
    await forget_exports(tx)
    await _blank_identity(tx)
    await _blank_logins(tx)
    await _blank_tax(tx)
    await _blank_money(tx)


def pseudonym(tx: Tx) -> str:
    """What the customer is called from then on."""
    return f"erased-{tx.customer.uuid}"


async def _blank_identity(tx: Tx) -> None:
    reference = await tx.fetchval(
        "SELECT reference FROM customer WHERE shard_key = $1 AND id = $2", tx.customer.shard, tx.customer.uuid
    )
    await tx.execute(
        "UPDATE customer SET reference = $3, default_method_id = NULL WHERE shard_key = $1 AND id = $2",
        tx.customer.shard, tx.customer.uuid, pseudonym(tx),
    )  # fmt: skip
    await tx.execute(
        "DELETE FROM billing_person WHERE shard_key = $1 AND customer_id = $2", tx.customer.shard, tx.customer.uuid
    )
    await tx.execute(
        "DELETE FROM billing_contact WHERE shard_key = $1 AND customer_id = $2", tx.customer.shard, tx.customer.uuid
    )
    await tx.execute(
        "UPDATE customer_head SET erased_at = $3 WHERE shard_key = $1 AND customer_id = $2",
        tx.customer.shard, tx.customer.uuid, tx.recorded_at,
    )  # fmt: skip
    await tx.execute(
        "DELETE FROM customer_directory WHERE reference_key = $1 AND tenant_id = $2 AND customer_id = $3",
        reference, tx.head.tenant.uuid, tx.customer.uuid,
    )  # fmt: skip


async def _blank_logins(tx: Tx) -> None:
    await tx.execute(
        """UPDATE customer_user SET active = false, tokens_from = $3, email = NULL
            WHERE shard_key = $1 AND customer_id = $2""",
        tx.customer.shard, tx.customer.uuid, tx.recorded_at,
    )  # fmt: skip
    await tx.execute(
        """UPDATE member_invitation SET email = NULL, withdrawn_at = $3
            WHERE shard_key = $1 AND customer_id = $2 AND email IS NOT NULL""",
        tx.customer.shard, tx.customer.uuid, tx.recorded_at,
    )  # fmt: skip
    await tx.execute(
        "DELETE FROM web_session WHERE shard_key = $1 AND customer_id = $2", tx.customer.shard, tx.customer.uuid
    )


async def _blank_tax(tx: Tx) -> None:
    await tx.execute(
        "DELETE FROM tax_identity WHERE shard_key = $1 AND customer_id = $2", tx.customer.shard, tx.customer.uuid
    )
    await tx.execute(
        "DELETE FROM tax_exemption WHERE shard_key = $1 AND customer_id = $2", tx.customer.shard, tx.customer.uuid
    )


async def _blank_money(tx: Tx) -> None:
    living = await tx.fetch(
        "SELECT id FROM payment_method WHERE shard_key = $1 AND customer_id = $2 AND removed_at IS NULL ORDER BY id",
        tx.customer.shard, tx.customer.uuid,
    )  # fmt: skip
    await tx.execute(
        """UPDATE payment_method SET removed_at = $3
            WHERE shard_key = $1 AND customer_id = $2 AND removed_at IS NULL""",
        tx.customer.shard, tx.customer.uuid, tx.recorded_at,
    )  # fmt: skip
    await seal_labels(tx)
    for row in living:
        await due.schedule(tx, DETACH, row["id"], tx.recorded_at, follows="wall")
    await tx.execute(
        "UPDATE payment SET action_url = NULL WHERE shard_key = $1 AND customer_id = $2 AND action_url IS NOT NULL",
        tx.customer.shard, tx.customer.uuid,
    )  # fmt: skip
    await tx.execute(
        "UPDATE refund_payout SET sealed = NULL WHERE shard_key = $1 AND customer_id = $2",
        tx.customer.shard, tx.customer.uuid,
    )  # fmt: skip
    await tx.execute(
        "UPDATE evidence_file SET content = NULL WHERE shard_key = $1 AND customer_id = $2",
        tx.customer.shard, tx.customer.uuid,
    )  # fmt: skip
