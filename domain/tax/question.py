"""What the books know for a tax decision, read as a question: places, ids and certificates, never a name or address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary, Row
from domain.ids import CustomerId, LegalEntityId, TaxExemptionId, TenantId
from domain.refusals import RefusalCode, Refused
from domain.tax.decide import NoTaxRate, decide
from domain.tax.decision import Exemption, Rounding, TaxableLine, TaxDecision, TaxPort, TaxQuestion
from domain.tax.place import Place
from domain.tax.rate import CustomerKind, rates_in_force
from domain.tax.registration import Registration, registrations
from domain.vault import Vault


@dataclass(frozen=True, slots=True)
class Seller:
    """What a legal entity is to a tax engine; ``tenant`` is whose rates hold."""

    tenant: TenantId
    place: Place
    registrations: tuple[Registration, ...]
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class Buyer:
    """What a customer is to a tax engine."""

    token: str
    place: Place
    tax_id_country: str | None
    exemptions: tuple[Exemption, ...]


async def seller(db: Primary, entity: LegalEntityId) -> Seller:
    """The legal entity as it is registered now."""
    row = await db.fetchrow(
        "SELECT tenant_id, country, region, tax_rounding FROM legal_entity WHERE id = $1", entity.uuid
    )
    assert row is not None, entity
    place = Place(row["country"], row["region"])
    return Seller(
        TenantId(row["tenant_id"]), place, await registrations(db, entity), Rounding(row["tax_rounding"])
    )  # fmt: skip


async def buyers(db: Primary, vault: Vault, shard: int, customers: Sequence[CustomerId]) -> dict[CustomerId, Buyer]:
    """Customers of one shard key as their billing persons stand now; one that was erased is not among them."""
    rows = await db.fetch(
        """SELECT p.customer_id, p.country, p.region,
                  (SELECT coalesce(array_agg(i.country ORDER BY i.country <> p.country, i.kind <> 'eu_vat', i.country),
                                  '{}')
                     FROM tax_identity i
                    WHERE i.shard_key = p.shard_key AND i.customer_id = p.customer_id AND i.status = 'valid')
                      AS known_in
             FROM billing_person p WHERE p.shard_key = $1 AND p.customer_id = ANY ($2::uuid[])""",
        shard,
        [each.uuid for each in customers],
    )
    certificates = await _exemptions(db, shard, customers) if rows else {}
    found = {}
    for row in rows:
        id = CustomerId(shard, row["customer_id"])
        known_in = row["known_in"][0] if row["known_in"] else None
        token = vault.token("tax", str(id))
        found[id] = Buyer(token, Place(row["country"], row["region"]), known_in, tuple(certificates.get(id, ())))
    return found


async def _exemptions(db: Primary, shard: int, customers: Sequence[CustomerId]) -> dict[CustomerId, list[Exemption]]:
    rows = await db.fetch(
        """SELECT customer_id, id, country, region, category, valid_from, valid_until, all_regions
             FROM tax_exemption
            WHERE shard_key = $1 AND customer_id = ANY ($2::uuid[]) ORDER BY valid_from, id""",
        shard,
        [each.uuid for each in customers],
    )
    found: dict[CustomerId, list[Exemption]] = {}
    for row in rows:
        found.setdefault(CustomerId(shard, row["customer_id"]), []).append(_exemption(shard, row))
    return found


def _exemption(shard: int, row: Row) -> Exemption:
    id = TaxExemptionId(shard, row["id"])
    return Exemption(
        id, row["country"], row["region"], row["category"], row["valid_from"], row["valid_until"], row["all_regions"]
    )


async def question_for(
    db: Primary, vault: Vault, customer: CustomerId, entity: LegalEntityId, at: datetime, lines: Sequence[TaxableLine]
) -> TaxQuestion:
    """The question that an invoice of these lines at that instant asks; STATE_CONFLICT once the customer was erased."""
    of = await seller(db, entity)
    to = (await buyers(db, vault, customer.shard, [customer])).get(customer)
    if to is None:
        raise invoiced_no_more()
    return await asked(db, of, to, at, lines)


def invoiced_no_more() -> Refused:
    """What is said of an erased customer: nobody knows any more to whom an invoice would be made out."""
    return Refused(RefusalCode.STATE_CONFLICT, "This customer was erased and cannot be invoiced.")


async def asked(db: Primary, of: Seller, to: Buyer, at: datetime, lines: Sequence[TaxableLine]) -> TaxQuestion:
    """The question of a sale between the two, with the rates of their places; who is registered nowhere needs none."""
    places = {of.place.territory(), to.place.territory()}
    categories = sorted({line.category for line in lines})
    rates = await rates_in_force(db, of.tenant, sorted(places), categories, at) if of.registrations else ()
    kind = CustomerKind.BUSINESS if to.tax_id_country else CustomerKind.CONSUMER
    return TaxQuestion(
        of.place, of.registrations, to.token, to.place, kind, to.tax_id_country, to.exemptions, at, of.rounding, rates,
        tuple(lines),
    )  # fmt: skip


def decided(question: TaxQuestion, port: TaxPort = decide) -> TaxDecision:
    """The decision of the port; STATE_CONFLICT where tax is owed at a rate that nobody has published."""
    try:
        return port(question)
    except NoTaxRate as missing:
        where = "-".join(filter(None, (missing.place.country, missing.place.region)))
        message = f"No tax rate is published for {where}, where this sale is taxed."
        raise Refused(RefusalCode.STATE_CONFLICT, message) from missing
