"""To which provider account a tenant's new payment methods go, by currency; a method's payments go where it is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import CustomerId, TenantId
from domain.money import Currency
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

EVERY_OTHER: Final = ""  # the currency of the route that all currencies without one of their own follow
_ACCOUNT: Final = re.compile(r"[a-z0-9_-]{1,40}/[a-z0-9_-]{1,40}", re.ASCII)  # as in /webhooks/{provider}/{endpoint}


async def payment_routes(db: Primary, tenant: TenantId) -> Mapping[str, str]:
    """The tenant's accounts by the code of the currency, EVERY_OTHER first; empty where all go to one account."""
    rows = await db.fetch(
        "SELECT currency, provider_account FROM payment_route WHERE tenant_id = $1 ORDER BY currency", tenant.uuid
    )
    return {row["currency"]: row["provider_account"] for row in rows}


async def account_for(db: Primary, tenant: TenantId, customer: CustomerId, otherwise: str) -> str:
    """The account for new methods of the customer, by the currency it is billed in."""
    account: str | None = await db.fetchval(
        """SELECT r.provider_account FROM customer c
             JOIN payment_route r ON r.tenant_id = c.tenant_id AND r.currency IN ('', c.currency)
            WHERE c.shard_key = $1 AND c.id = $2 AND c.tenant_id = $3
            ORDER BY r.currency DESC LIMIT 1""",
        customer.shard,
        customer.uuid,
        tenant.uuid,
    )
    return account or otherwise


@dataclass(frozen=True, slots=True)
class SetPaymentRoute:
    """From now on the currency (None: every one without a route of its own) goes to the account (None: no route)."""

    currency: Currency | None
    account: str | None


@dataclass(frozen=True, slots=True)
class PaymentRouteSet:
    """The route as it is now."""

    currency: Currency | None
    account: str | None


@operation("payments.set_route", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_payment_route(tx: Tx, command: SetPaymentRoute) -> PaymentRouteSet:
    """Sets or removes one route; methods that are stored stay where they are. INVALID_INPUT for what is no account."""
    code = command.currency.code if command.currency else EVERY_OTHER
    if command.account is None:
        await tx.execute(
            "DELETE FROM payment_route WHERE tenant_id = $1 AND currency = $2", tx.head.tenant.uuid, code
        )  # fmt: skip
        return PaymentRouteSet(command.currency, None)
    if not _ACCOUNT.fullmatch(command.account):
        raise Refused(RefusalCode.INVALID_INPUT, "An account is provider/name.", ("account",))
    await tx.execute(
        """INSERT INTO payment_route (tenant_id, currency, provider_account) VALUES ($1, $2, $3)
           ON CONFLICT (tenant_id, currency) DO UPDATE SET provider_account = EXCLUDED.provider_account""",
        tx.head.tenant.uuid,
        code,
        command.account,
    )
    return PaymentRouteSet(command.currency, command.account)
