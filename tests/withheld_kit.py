"""Credit that stands for disputed money, in tests: who paid an invoice in two ways, and what a bank keeps of it."""

from dataclasses import replace
from datetime import timedelta

from domain.dunning.recovery_policy import RecoveryPolicy
from domain.dunning.split_invoice import SplitInvoice, split_invoice
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import Payment, payments_of
from domain.payments.record_offline import Means, OfflineRecorded
from domain.payments.settle_dispute import SettleDispute, settle_dispute
from domain.reactions.house import House
from tests.domain.invoices.bills import eur
from tests.domain.payments.test_offline_payments import record
from tests.dunning_kit import owing as in_arrears
from tests.lives import by_house, invoices_of, until
from tests.world import Someone, World, fresh, make_world


def opened(paid: Payment, minor: int) -> SettleDispute:
    """The word of a bank that takes so much of the payment back."""
    return SettleDispute(paid.id, fresh("dispute"), DisputeStatus.OPEN, eur(minor), eur(0), "fraudulent", None)


async def lost(world: World, of: Someone, paid: Payment, minor: int) -> SettleDispute:
    """The bank takes so much of the payment back, and keeps it."""
    told = opened(paid, minor)
    await by_house(world, of, settle_dispute, told)
    await by_house(world, of, settle_dispute, replace(told, status=DisputeStatus.LOST))
    return told


async def paid_by_both(world: World, of: Someone, minor: int) -> tuple[OfflineRecorded, Payment]:
    """So much of the 10.00 that somebody owes by a cheque, and the rest by a card."""
    cheque = await record(world, of, minor, means=Means.CHEQUE)
    await world.card(of)
    await world.do(of, pay_invoice, PayInvoice((await invoices_of(world, of))[0].id, None))
    (paid,) = await invoices_of(world, of)
    *_, by_card = await payments_of(world.house.db.primary, of.id, paid.id)
    assert (paid.state.name, by_card.captured) == ("paid", eur(1000 - minor))
    return cheque, by_card


async def paid_in_two_parts(house: House) -> tuple[World, Someone, Payment, Payment]:
    """A tenant, and who paid an invoice of 10.00 there in two parts by card."""
    own = await make_world(house)
    await own.recover_by(RecoveryPolicy())
    ada, case = await in_arrears(own, "tok_insufficient_funds_times_1")
    await own.do(ada, split_invoice, SplitInvoice(case.invoice, 2, 5))
    await until(own, ada, case.opened_at + timedelta(days=6))
    _, one, other = await payments_of(own.house.db.primary, ada.id, case.invoice)
    assert (one.captured, other.captured) == (eur(500), eur(500))
    return own, ada, one, other
