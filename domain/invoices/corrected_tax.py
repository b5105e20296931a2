"""What the tax of issued invoices should be by today's versions and corrected facts, and by how much it is wrong.

The question of then is asked again at the tax point of then: with today's versions of rates and registrations, today's
knowledge of exemptions, and what was stated since of where the customer was. Where a price held its tax, what the
customer pays stays and the part of it that is tax moves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.customers.tax_place import stated_place
from domain.db import Primary
from domain.ids import CustomerId, InvoiceId, TaxRateId
from domain.invoices.invoice import Invoice, invoices_by_id
from domain.invoices.line import Line, lines_of
from domain.invoices.line_tax import TaxPart, decided_parts
from domain.invoices.reversal import amount_left, tax_left
from domain.invoices.tax_correction import TaxCorrection, tax_corrections_of
from domain.invoices.taxing import Taxed, decisions_of
from domain.money import Money, total
from domain.tax.correction import Correction, Standing, Way, difference
from domain.tax.decision import TaxableLine, TaxComponent, TaxQuestion, Treatment
from domain.tax.place import Place
from domain.tax.question import Buyer, Seller, asked, buyers, decided, seller
from domain.vault import Vault


@dataclass(frozen=True, slots=True)
class Examined:
    """An invoice, its lines, the decision that should hold (None: nothing is to be decided) and the difference to it.

    ``replaces`` is the subject of the last decision, which stands unless its document is void; ``ordinal`` the number
    of the next correction. ``moved`` says that the customer was somewhere else than the invoice says.
    """

    invoice: Invoice
    lines: tuple[Line, ...]
    taxed: Taxed | None
    found: Correction
    replaces: UUID
    ordinal: int
    moved: bool

    @property
    def charged(self) -> Money:
        """What of its tax still stands, with the corrections so far."""
        own = (tax_left(line) for line in self.lines if line.kind == "charge")
        return total(own, self.invoice.currency)

    @property
    def should_be(self) -> Money:
        """What its tax is once it was corrected."""
        return self.charged + self.found.tax

    @property
    def way(self) -> Way:
        """What is to be done about it."""
        return self.found.way


async def examined(
    db: Primary, vault: Vault, customer: CustomerId, ids: Sequence[InvoiceId]
) -> dict[InvoiceId, Examined]:
    """Each of the customer's invoices with its difference; STATE_CONFLICT where a rate is owed that nobody published.

    There is no difference on a void invoice, on what was credited in full, nor on lines that give something back.
    """
    found = await invoices_by_id(db, customer, ids)
    lines = await lines_of(db, customer, list(found))
    before = await tax_corrections_of(db, customer, list(found))
    stored = await decisions_of(db, customer, [*found, *(_subject(each) for own in before.values() for each in own)])
    return {
        id: await _examined(db, vault, of, lines[id], before.get(id, ()), stored) for id, of in found.items()
    }  # fmt: skip


def _subject(of: TaxCorrection) -> InvoiceId:
    """The id of its document as decisions are looked up by it."""
    return InvoiceId(of.invoice.shard, of.document)


async def _examined(
    db: Primary, vault: Vault, of: Invoice, lines: tuple[Line, ...], before: Sequence[TaxCorrection],
    stored: dict[InvoiceId, Taxed],
) -> Examined:  # fmt: skip
    subject = _subject(before[-1]) if before else of.id
    standing_ones = [each for each in before if not each.is_void]
    stands = stored.get(_subject(standing_ones[-1]) if standing_ones else of.id)
    charges = [(place, line) for place, line in enumerate(lines, 1) if line.kind == "charge"]
    nothing = Examined(of, lines, None, Correction(of.currency, ()), subject.uuid, len(before) + 1, moved=False)
    if of.state.name == "void" or not any(amount_left(line).minor for _, line in charges):
        return nothing
    question = await _asked_again(db, vault, of, stored.get(of.id), charges)
    if question is None:
        return nothing
    today = decided(question)
    standing = [_standing(place, line) for place, line in charges]
    asked_before = [stored.get(each) for each in (of.id, *map(_subject, before))]
    rates = [rate for each in asked_before if each for rate in each.question.rates]
    found = difference(of.currency, standing, today, stands.decision if stands else None, [*rates, *question.rates])
    first = stored.get(of.id)
    moved = first is not None and first.question.buyer != question.buyer
    return Examined(of, lines, Taxed(question, today), found, subject.uuid, len(before) + 1, moved)


async def _asked_again(
    db: Primary, vault: Vault, of: Invoice, stored: Taxed | None, charges: Sequence[tuple[int, Line]]
) -> TaxQuestion | None:
    """None where the seller was registered nowhere then, as is known today, and nothing was asked."""
    lines = [TaxableLine(place, line.category, line.amount, line.tax_inclusive) for place, line in charges]
    now = (await buyers(db, vault, of.customer.shard, [of.customer])).get(of.customer)
    by = await seller(db, of.legal_entity)
    at = stored.question.at if stored else of.issued_at
    if stored is None:
        if now is None or not any(each.holds(at) for each in by.registrations):
            return None
        to = now
    else:
        was = stored.question
        to = Buyer(was.buyer_token, was.buyer, was.tax_id_country, now.exemptions if now else was.exemptions)
        by = Seller(by.tenant, was.seller, by.registrations, was.rounding)
    stated = await stated_place(db, of.customer, at)
    if stated is not None:
        to = Buyer(to.token, Place(stated.country, stated.region), stated.tax_id_country, to.exemptions)
    return await asked(db, by, to, at, lines)


def _standing(place: int, line: Line) -> Standing:
    components = components_of(line)
    return Standing(place, line.amount, line.tax_inclusive, line.given_back, components)


def components_of(line: Line) -> tuple[TaxComponent, ...]:
    """The taxes of what is left of a charge, one for each of its standing parts."""
    left = amount_left(line)
    net = left - tax_left(line) if line.tax_inclusive else left
    return tuple(
        TaxComponent(
            TaxRateId(part.rate) if part.rate else None, part.name, Treatment(part.treatment), part.rate_ppm, net,
            part.left,
        )
        for part in line.standing
    )  # fmt: skip


def parts_of(line: Line, components: Sequence[TaxComponent]) -> tuple[TaxPart, ...]:
    """The components that a correction adds to a line, counted on from the parts that it has."""
    taken = max((part.part for part in (*line.components, *line.added)), default=0)
    return decided_parts(components, taken + 1)
