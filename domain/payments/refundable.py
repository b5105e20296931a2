"""How much of payments can be given back to where they came from."""

from collections.abc import Sequence

from domain.db import Primary
from domain.ids import CustomerId
from domain.invoices.invoice import invoices_by_id
from domain.invoices.line import lines_of
from domain.invoices.reversal import gross_left
from domain.money import Money, total
from domain.payments.excess import excess_of_invoices
from domain.payments.payment import Payment


async def refundable_of(db: Primary, customer: CustomerId, payments: Sequence[Payment]) -> dict[Payment, Money]:
    """The most that a refund of each of the customer's payments may be: what is left of it, and no more than what was
    paid in excess and what the charges of its invoice have left; of a void invoice they have nothing."""
    ids = list({each.invoice for each in payments if each.left.minor})
    lines = await lines_of(db, customer, ids)
    billed = await invoices_by_id(db, customer, ids)
    excess = await excess_of_invoices(db, customer, ids)

    def most(of: Payment) -> Money:
        nothing = Money.zero(of.amount.currency)
        if of.invoice not in billed:
            return nothing
        charges = lines[of.invoice] if billed[of.invoice].state.name != "void" else ()
        charged = total((gross_left(line) for line in charges if line.kind == "charge"), nothing.currency)
        return min(of.left, charged + excess.get(of.invoice, nothing))

    return {each: most(each) for each in payments}
