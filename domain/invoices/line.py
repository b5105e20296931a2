"""Invoice lines: what was charged or credited for which span, and the derivation that gives the amount again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import msgspec

from domain.db import Primary, Replica, Row
from domain.ids import CustomerId, InvoiceId, PlanId, PlanVersionId, PriceId, SubscriptionId
from domain.invoices.line_discount import Reduction, reductions_of_lines
from domain.invoices.line_tax import TaxPart, tax_parts_of
from domain.money import Currency, Money, total
from domain.wire import canonical, from_json, to_json

STANDARD = "standard"  # the tax category of what has none of its own
TAX_CORRECTED = "tax_corrected"  # the formula of a line that changes the tax of a charge, and nothing else
COMMITMENT = "commitment"  # the formula of a true-up: of what was committed to, the minor units that were not billed
KEPT = 4_096  # derivations read once, about 2 MB: full months of the same few prices make up most lines


@dataclass(frozen=True, slots=True)
class Derivation:
    """How an amount follows: formula, price of the whole span, seconds counted and seconds the price is for."""

    formula: str
    price: Money
    numerator: int
    denominator: int

    @property
    def is_whole(self) -> bool:
        """Whether it is for all that the price is for."""
        return self.numerator == self.denominator

    def text(self) -> str:
        """The stored form."""
        return canonical(to_json(self)).decode()

    @classmethod
    def read(cls, text: str) -> "Derivation":
        """The derivation of a stored form."""
        return _derivation(text)


@lru_cache(KEPT)
def _derivation(text: str) -> Derivation:
    return from_json(Derivation, msgspec.json.decode(text))


@dataclass(frozen=True, slots=True)
class LineRef:
    """A line of an issued invoice: the invoice and the position on it, from 1."""

    invoice: InvoiceId
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. A credit has a negative amount and names the charge that it gives back a part of.

    ``amount`` = ``list_amount`` - ``discount``; it holds the tax where ``tax_inclusive``. ``given_back`` is what of a
    charge's amount was taken back since, by credit lines and credit notes. A line of staff may have no price.
    ``reductions`` are what each coupon took off it: their sum is the discount. ``components`` are the taxes it was
    issued with, ``added`` those that corrections put in their place.
    """

    kind: str
    description: str
    price: PriceId | None
    plan: PlanId | None
    quantity: int
    unit_amount: Money
    starts_at: datetime
    ends_at: datetime
    list_amount: Money
    discount: Money
    tax_inclusive: bool
    category: str
    components: tuple[TaxPart, ...]
    credits: LineRef | None
    derivation: Derivation
    given_back: Money
    plan_version: PlanVersionId | None = None
    reductions: tuple[Reduction, ...] = ()
    added: tuple[TaxPart, ...] = ()

    @property
    def standing(self) -> tuple[TaxPart, ...]:
        """Its taxes as they stand since its last correction, in the order of their parts: what can be given back."""
        added = [part for part in self.added if not part.is_void]
        if not added:
            return self.components
        newest = added[-1].correction
        parts = (*self.components, *added)
        return tuple(part for part in parts if part.left.minor or part.correction == newest)

    @property
    def amount(self) -> Money:
        """What it adds to the invoice, with the tax only where that is included."""
        return self.list_amount - self.discount

    @property
    def tax(self) -> Money:
        """The sum of its components, signed as the line is."""
        return total((part.amount for part in self.components), self.list_amount.currency)

    @property
    def net(self) -> Money:
        """What it costs before tax."""
        return self.amount - self.tax if self.tax_inclusive else self.amount

    @property
    def gross(self) -> Money:
        """What it costs with tax."""
        return self.amount if self.tax_inclusive else self.amount + self.tax


def charge_line(
    *, description: str, price: PriceId | None, plan: PlanId | None, quantity: int, unit_amount: Money,
    starts_at: datetime, ends_at: datetime, amount: Money, derivation: Derivation, tax_inclusive: bool = False,
    category: str = STANDARD, plan_version: PlanVersionId | None = None,
) -> Line:  # fmt: skip
    """A charge as it is before discount and tax, which are worked out when its draft is rated."""
    nothing = Money.zero(amount.currency)
    return Line(
        kind="charge", description=description, price=price, plan=plan, quantity=quantity, unit_amount=unit_amount,
        starts_at=starts_at, ends_at=ends_at, list_amount=amount, discount=nothing, tax_inclusive=tax_inclusive,
        category=category, components=(), credits=None, derivation=derivation, given_back=nothing,
        plan_version=plan_version,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LiveCharge:
    """The charge that covers a subscription's time from an instant on, and where it stands."""

    ref: LineRef
    line: Line


def credit_line(of: LiveCharge, starts_at: datetime, ends_at: datetime, amount: Money, derivation: Derivation) -> Line:
    """Unused time of a charge: the amount is not above zero; its tax is the charge's, reversed when it is rated."""
    line, nothing = of.line, Money.zero(amount.currency)
    return Line(
        kind="credit", description=line.description, price=line.price, plan=line.plan, quantity=line.quantity,
        unit_amount=line.unit_amount, starts_at=starts_at, ends_at=ends_at, list_amount=amount, discount=nothing,
        tax_inclusive=line.tax_inclusive, category=line.category, components=(), credits=of.ref, derivation=derivation,
        given_back=nothing, plan_version=line.plan_version,
    )  # fmt: skip


def from_row(row: Row, components: tuple[TaxPart, ...], reductions: tuple[Reduction, ...]) -> Line:
    """The line of a row that selects all its columns, with its taxes and what coupons took off it."""
    currency = Currency(row["currency"])
    credited = row["credits_invoice_id"]
    return Line(
        kind=row["kind"],
        description=row["description"],
        price=PriceId(row["price_id"]) if row["price_id"] else None,
        plan=PlanId(row["plan_id"]) if row["plan_id"] else None,
        quantity=row["quantity"],
        unit_amount=Money(row["unit_amount"], currency),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        list_amount=Money(row["amount"] + row["discount"], currency),
        discount=Money(row["discount"], currency),
        tax_inclusive=row["tax_inclusive"],
        category=row["category"],
        components=tuple(part for part in components if part.correction is None),
        added=tuple(part for part in components if part.correction is not None),
        credits=LineRef(InvoiceId(row["shard_key"], credited), row["credits_position"]) if credited else None,
        derivation=Derivation.read(row["derivation"]),
        given_back=Money(row["given_back"], currency),
        plan_version=PlanVersionId(row["plan_version_id"]) if row["plan_version_id"] else None,
        reductions=reductions,
    )


async def lines_of(
    db: Primary | Replica, customer: CustomerId, ids: Sequence[InvoiceId]
) -> dict[InvoiceId, tuple[Line, ...]]:
    """The lines of the customer's invoices, by position; but for ``given_back`` they never change."""
    rows = await db.fetch(
        """SELECT l.shard_key, l.invoice_id, l.position, l.kind, l.description, l.price_id, p.plan_id, l.quantity,
                  l.unit_amount, l.starts_at, l.ends_at, l.currency, l.amount, l.discount, l.tax_inclusive, l.category,
                  l.given_back, l.credits_invoice_id, l.credits_position, l.derivation, l.plan_version_id
             FROM invoice_line l
             LEFT JOIN price p ON p.id = l.price_id
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND l.invoice_id = ANY ($3::uuid[])
            ORDER BY l.invoice_id, l.position""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    taxes = await tax_parts_of(db, customer, ids)
    reductions = await reductions_of_lines(db, customer, ids)
    found: dict[InvoiceId, tuple[Line, ...]] = dict.fromkeys(ids, ())
    for row in rows:
        id = InvoiceId(row["shard_key"], row["invoice_id"])
        place = (id, row["position"])
        found[id] = (*found[id], from_row(row, taxes.get(place, ()), reductions.get(place, ())))
    return found


async def live_charge(
    db: Primary, customer: CustomerId, subscription: SubscriptionId, at: datetime
) -> LiveCharge | None:
    """The newest charge of a subscription's price that is not void and covers the instant; lines of staff are none."""
    row = await db.fetchrow(
        """SELECT l.shard_key, l.invoice_id, l.position, l.kind, l.description, l.price_id, p.plan_id, l.quantity,
                  l.unit_amount, l.starts_at, l.ends_at, l.currency, l.amount, l.discount, l.tax_inclusive, l.category,
                  l.given_back, l.credits_invoice_id, l.credits_position, l.derivation, l.plan_version_id
             FROM invoice_line l
             JOIN invoice i ON i.shard_key = l.shard_key AND i.id = l.invoice_id
             LEFT JOIN price p ON p.id = l.price_id
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND l.subscription_id = $3 AND l.kind = 'charge'
              AND l.price_id IS NOT NULL AND l.starts_at <= $4 AND l.ends_at > $4 AND i.state <> 'void'
            ORDER BY l.starts_at DESC, i.number DESC LIMIT 1""",
        customer.shard,
        customer.uuid,
        subscription.uuid,
        at,
    )
    if row is None:
        return None
    ref = LineRef(InvoiceId(row["shard_key"], row["invoice_id"]), row["position"])
    taxes = await tax_parts_of(db, customer, [ref.invoice])
    reductions = await reductions_of_lines(db, customer, [ref.invoice])
    place = (ref.invoice, ref.position)
    return LiveCharge(ref, from_row(row, taxes.get(place, ()), reductions.get(place, ())))
