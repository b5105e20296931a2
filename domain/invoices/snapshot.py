"""Who sold to whom, as it stood when an invoice was issued: sealed under the customer's key, in the invoice's row.

A document is made of it and of rows that never change, so it can be rendered again whatever was moved or renamed since.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from domain.customers.customer import Customer
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, InvoiceId, LegalEntityId
from domain.invoices.document_facts import Party
from domain.money import Money
from domain.refusals import Gone
from domain.tax.place import Place, lies_in
from domain.tax.question import invoiced_no_more
from domain.tax.registration import Registration, Scheme, registrations
from domain.tenants.tenant import LegalEntity
from domain.vault import Vault
from domain.wire import canonical, from_json, to_json


@dataclass(frozen=True, slots=True)
class Seller:
    """The legal entity as it stood; the tax number is the one it sells under to this buyer.

    Documents of before its register entry was kept name none.
    """

    code: str
    name: str
    address: str
    country: str
    region: str
    tax_number: str | None
    register: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Buyer and seller; ``applied`` is what customer credit paid at issue, in minor units.

    What has a default was not kept at first: documents of before take it from where it stands now.
    """

    name: str
    email: str
    address: str
    country: str
    region: str = ""
    tax_id: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    applied: int | None = None
    seller: Seller | None = None

    def dated_for(self, whose: Customer) -> tuple[str, str]:
        """The locale and the time zone of its documents."""
        return self.locale or whose.locale, self.time_zone or whose.time_zone

    def buyer(self) -> Party:
        """The buyer as documents print it."""
        return Party(self.name, _lines(self.address), self.tax_id, self.email, self.country, self.region)

    def sold_by(self, entity: LegalEntity) -> Party:
        """The seller as documents print it: as it stood, or for documents of before as it stands."""
        of = self.seller or Seller(entity.code, entity.name, entity.address, entity.country, entity.region, None)
        return Party(of.name, _lines(of.address), of.tax_number, None, of.country, of.region, of.code, of.register)


def _lines(address: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in address.split(","))


async def seal_snapshot(tx: Tx, applied: Money) -> bytes:
    """The snapshot of now, sealed; STATE_CONFLICT once the customer was erased."""
    row = await tx.fetchrow(
        """SELECT p.name, p.email, p.address, p.country, p.region, k.wrapped, c.locale, c.time_zone,
                  (SELECT i.value FROM tax_identity i
                    WHERE i.shard_key = p.shard_key AND i.customer_id = p.customer_id AND i.status = 'valid'
                    ORDER BY i.country <> p.country, i.kind <> 'eu_vat', i.country LIMIT 1) AS tax_id,
                  e.code AS seller_code, e.name AS seller_name, e.address AS seller_address,
                  e.country AS seller_country, e.region AS seller_region, e.register_entry
             FROM billing_person p
             JOIN sealing_key k ON k.shard_key = p.shard_key AND k.customer_id = p.customer_id
             JOIN customer c ON c.shard_key = p.shard_key AND c.id = p.customer_id
             JOIN legal_entity e ON e.id = c.legal_entity_id
            WHERE p.shard_key = $1 AND p.customer_id = $2""",
        tx.customer.shard,
        tx.customer.uuid,
    )
    if row is None:
        raise invoiced_no_more()
    taken = Snapshot(
        row["name"], row["email"], row["address"], row["country"], row["region"], row["tax_id"], row["locale"],
        row["time_zone"], applied.minor, await _seller(tx, tx.head.legal_entity, row),
    )  # fmt: skip
    return tx.vault.seal(row["wrapped"], canonical(to_json(taken)), tx.entropy)


async def seal_again(tx: Tx, of: InvoiceId, applied: Money) -> bytes:
    """The snapshot of an issued invoice for another document of it, sealed; Gone once nobody can read it."""
    taken = replace(await opened_snapshot(tx, tx.vault, tx.customer, of), applied=applied.minor)
    wrapped = await tx.fetchval(
        "SELECT wrapped FROM sealing_key WHERE shard_key = $1 AND customer_id = $2", tx.customer.shard, tx.customer.uuid
    )
    return tx.vault.seal(wrapped, canonical(to_json(taken)), tx.entropy)


async def _seller(tx: Tx, entity: LegalEntityId, row: Row) -> Seller:
    known = await registrations(tx, entity)
    number = _number(known, row["seller_country"], Place(row["country"], row["region"]), tx.now)
    return Seller(
        row["seller_code"], row["seller_name"], row["seller_address"], row["seller_country"], row["seller_region"],
        number, row["register_entry"],
    )  # fmt: skip


def _number(known: Sequence[Registration], home: str, there: Place, at: datetime) -> str | None:
    """Where the buyer is, if the seller is registered there itself, else at home, else in the one-stop shop.

    Each authority over the buyer's place has a number of its own: in Quebec that of GST and that of QST are named.
    """
    own = [each for each in known if each.holds(at)]
    plain = [each for each in own if each.scheme is not Scheme.OSS]
    here = [each for each in plain if each.country == there.country and lies_in(there.region, each.region)]
    if here:
        return ", ".join(dict.fromkeys(each.tax_number for each in here))
    at_home = (each.tax_number for each in plain if each.country == home)
    return next(at_home, None) or next((each.tax_number for each in own), None)


async def opened_snapshot(db: Primary, vault: Vault, customer: CustomerId, id: InvoiceId) -> Snapshot:
    """The snapshot of the customer's invoice; Gone once the customer was erased and retention is over."""
    row = await db.fetchrow(
        """SELECT k.wrapped, i.snapshot_sealed
             FROM invoice i
             JOIN sealing_key k ON k.shard_key = i.shard_key AND k.customer_id = i.customer_id
            WHERE i.shard_key = $1 AND i.customer_id = $2 AND i.id = $3""",
        customer.shard,
        customer.uuid,
        id.uuid,
    )
    if row is None:
        raise Gone("The person on this document was erased, and it need not be kept any more.")
    return from_json(Snapshot, msgspec.json.decode(vault.open(row["wrapped"], row["snapshot_sealed"])))
