"""What a correction of tax over a span would change, without changing anything: a page of a tenant's invoices."""

from dataclasses import dataclass
from itertools import groupby

from domain.corrections.tax_run import TaxScope
from domain.db import Primary
from domain.fanout.taxed_invoices import Listed, invoices_taxed_in
from domain.ids import CustomerId, TenantId
from domain.invoices.corrected_tax import Examined, examined
from domain.money import Money
from domain.refusals import Refused
from domain.tax.correction import Way
from domain.vault import Vault


@dataclass(frozen=True, slots=True)
class Found:
    """An invoice whose tax is wrong, or (``refusal``) of which nobody can say whether it is."""

    listed: Listed
    examined: Examined | None
    refusal: Refused | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What was found among so many invoices; ``next`` is the last one looked at, None where there are no more."""

    found: tuple[Found, ...]
    looked_at: int
    next: Listed | None

    def totals(self) -> list[tuple[Money, Money]]:
        """By currency: by how much the tax changes, and what is owed."""
        sums: dict[str, tuple[Money, Money]] = {}
        for each in self.found:
            if each.examined:
                tax, gross = each.examined.found.tax, each.examined.found.gross
                before = sums.get(str(tax.currency), (Money.zero(tax.currency), Money.zero(tax.currency)))
                sums[str(tax.currency)] = (before[0] + tax, before[1] + gross)
        return [sums[currency] for currency in sorted(sums)]


async def tax_preview(
    db: Primary, vault: Vault, tenant: TenantId, scope: TaxScope, after: Listed | None, limit: int
) -> Preview:
    """The wrong ones among the next ``limit`` invoices of the scope, as a run would correct them now."""
    page = await invoices_taxed_in(db, tenant, scope.country, scope.since, scope.until, after, limit)
    found: list[Found] = []
    for customer, own in groupby(sorted(page, key=_by_customer), key=lambda each: each.customer):
        found += await _of_customer(db, vault, customer, list(own))
    found.sort(key=lambda each: (each.listed.issued_at, each.listed.invoice.shard, each.listed.invoice.uuid))
    return Preview(tuple(found), len(page), page[-1] if len(page) == limit else None)


def _by_customer(of: Listed) -> tuple[int, bytes]:
    return of.customer.shard, of.customer.uuid.bytes


async def _of_customer(db: Primary, vault: Vault, customer: CustomerId, own: list[Listed]) -> list[Found]:
    try:
        found = await examined(db, vault, customer, [each.invoice for each in own])
    except Refused as refused:
        if len(own) == 1:
            return [Found(own[0], None, refused)]
        return [found for each in own for found in await _of_customer(db, vault, customer, [each])]
    return [Found(each, found[each.invoice], None) for each in own if found[each.invoice].way is not Way.NOTHING]
