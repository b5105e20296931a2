"""From the provider's id of a charge, refund or dispute to ours, over all shard keys of a tenant.

The directory of providers' names knows; what older code wrote beside it is looked for under every shard key.
"""

from domain.db import Primary
from domain.ids import DisputeId, PaymentId, RefundId, TenantId
from domain.payments.dispute import Dispute, dispute, dispute_from
from domain.payments.payment import Payment, from_row, payment
from domain.payments.provider_reference import Thing, all_named
from domain.payments.refund import Refund, refund, refund_from

AT_MOST = 10  # a provider's reference is one payment's; several would be several accounts that number alike


async def payments_of_reference(db: Primary, tenant: TenantId, provider_ref: str) -> list[Payment]:
    """The tenant's payments that the provider knows under the reference."""
    if found := await all_named(db, tenant, Thing.PAYMENT, provider_ref):
        return [await payment(db, of.customer, PaymentId(of.customer.shard, of.subject)) for of in found[:AT_MOST]]
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, customer_id, invoice_id, attempt_number, currency, amount, method_id, provider_account,
                  provider_key, provider_ref, action_url, failure_code, failure_hard, sent_at, queries, captured,
                  refunds_reserved, disputes_reserved, posted_number, state, seq, happened_at, kind, means, reference,
                  capture_mode, authorized, capturable, released, returned, expires_at, expected_at, returnable_until,
                  asked, asked_total, asked_final, asked_code, asked_sent_at, asks
             FROM payment WHERE tenant_id = $1 AND provider_ref = $2 ORDER BY id LIMIT $3""",
        tenant.uuid,
        provider_ref,
        AT_MOST,
    )
    return [from_row(row) for row in rows]


async def refunds_of_reference(db: Primary, tenant: TenantId, provider_ref: str) -> list[Refund]:
    """The tenant's refunds that the provider knows under the reference."""
    if found := await all_named(db, tenant, Thing.REFUND, provider_ref):
        return [await refund(db, of.customer, RefundId(of.customer.shard, of.subject)) for of in found[:AT_MOST]]
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, customer_id, payment_id, currency, amount, reason, provider_key, provider_ref,
                  failure_code, sent_at, queries, posted_number, state, seq, happened_at, means, of_invoice_id
             FROM refund WHERE tenant_id = $1 AND provider_ref = $2 ORDER BY id LIMIT $3""",
        tenant.uuid,
        provider_ref,
        AT_MOST,
    )
    return [refund_from(row) for row in rows]


async def disputes_of_reference(db: Primary, tenant: TenantId, provider_ref: str) -> list[Dispute]:
    """The tenant's disputes that the provider knows under the reference; few payments are disputed at all."""
    if found := await all_named(db, tenant, Thing.DISPUTE, provider_ref):
        return [await dispute(db, of.customer, DisputeId(of.customer.shard, of.subject)) for of in found[:AT_MOST]]
    rows = await db.fetch(
        """-- fanout
           SELECT shard_key, id, customer_id, payment_id, provider_account, provider_ref, currency, amount, covered,
                  fee, reason, due_at, on_open, on_lost, asked, asked_sent_at, asks, refused_code, queries, state, seq,
                  happened_at, closed_at
             FROM dispute WHERE tenant_id = $1 AND provider_ref = $2 ORDER BY id LIMIT $3""",
        tenant.uuid,
        provider_ref,
        AT_MOST,
    )
    return [dispute_from(row) for row in rows]
