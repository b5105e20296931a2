"""Customers whose renewal is unpaid, and what the tests of the door need of recovery."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from domain.dunning.case import Case
from domain.dunning.choose_payday import ChoosePayday, choose_payday
from domain.dunning.split_invoice import SplitInvoice, split_invoice
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from tests.api_callers import Api, Guest
from tests.domain.invoices.bills import note
from tests.dunning_kit import case_now
from tests.lives import attempts_at, buyer, day, invoices_of, start, until, wrong_rows
from tests.world import World

if TYPE_CHECKING:
    from tests.refusal_stage import Players

DECLINED = "tok_insufficient_funds"
TRIES = 5  # what a customer has for a case by default


@dataclass(frozen=True)
class Debtor:
    """A customer of the portal whose renewal of 1 February was declined, and its case."""

    guest: Guest
    case: Case

    @property
    def named(self) -> dict[str, str]:
        """The customer and the overdue invoice, as staff name them."""
        return {"customerId": self.guest.id, "invoiceId": str(self.case.invoice)}


async def debtor(api: Api, guest: Guest | None = None, token: str = DECLINED) -> Debtor:
    """A new one, or a customer that was there."""
    guest = guest or await api.guest("tok_visa")
    await start(api.world, guest.who)
    await api.world.card(guest.who, token)
    await until(api.world, guest.who, day(2, 1, 3))
    return Debtor(guest, await case_now(api.world, guest.who))


async def recovery_input(api: Api) -> dict[str, dict[str, Any]]:
    """Good input of the mutations about recovery."""
    return {
        "choosePayday": {**(await debtor(api)).named, "day": "2027-02-07"},
        "splitInvoice": {**(await debtor(api)).named, "parts": 2, "intervalDays": 10},
        "setRecoveryPolicy": {"backups": False},
    }


async def refusing_recovery(players: "Players") -> None:
    """One who has chosen and tried as often as it may, one whose payment is open, and one without a good method."""
    api, ids = players.api, players.ids
    spent = await debtor(api, await players.guest("spent", "tok_visa"))
    await api.world.do(spent.guest.who, choose_payday, ChoosePayday(spent.case.invoice, day(2, 7).date()))
    for _ in range(TRIES):
        await api.world.do(spent.guest.who, pay_invoice, PayInvoice(spent.case.invoice, None))
    await note(api.world, spent.guest.who, spent.case.invoice, 900)  # what is left is too little for two parts
    ids["spent first"] = str((await invoices_of(api.world, spent.guest.who))[0].id)
    held = await debtor(api, await players.guest("held up", "tok_visa"))
    await api.world.card(held.guest.who, "tok_bank_held")  # charged at once, and the bank takes its time
    barred = await debtor(api, await players.guest("barred", "tok_visa"), "tok_stolen_card")
    ids |= {f"{name} invoice": str(each.case.invoice)
            for name, each in (("spent", spent), ("held up", held), ("barred", barred))}  # fmt: skip


async def pay_in_parts(world: World) -> None:
    """A renewal that was declined once and is paid in two parts."""
    fay = await buyer(world)
    await start(world, fay)
    await world.card(fay, f"{DECLINED}_times_1")
    await until(world, fay, day(2, 1, 3))
    case = await case_now(world, fay)
    await world.do(fay, split_invoice, SplitInvoice(case.invoice, 2, 5))
    await until(world, fay, day(2, 7))
    assert [each.captured.minor for each in await attempts_at(world, fay, case.invoice)] == [0, 500, 500]
    assert await wrong_rows(world, fay) == []


UNKNOWN = "invoice_" + "0" * 32
# What is wrong in the input of mutations about recovery, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    *((name, wrong, "NOT_FOUND", path) for name in ("choosePayday", "splitInvoice") for wrong, path in (
        ({"invoiceId": "nonsense"}, ["invoiceId"]), ({"invoiceId": UNKNOWN}, ["invoiceId"]),
        ({"customerId": "nonsense"}, ["customerId"]))),
    *(("choosePayday", {"day": day}, "INVALID_INPUT", ["day"]) for day in ("2027-01-31", "2027-03-01", "9999-12-31")),
    *(("splitInvoice", {"parts": parts}, "INVALID_INPUT", ["parts"]) for parts in (-1, 0, 1, 4, 2**31 - 1)),
    *(("splitInvoice", {"intervalDays": days}, "INVALID_INPUT", ["intervalDays"]) for days in (-1, 0, 31, 2**31 - 1)),
    ("setRecoveryPolicy", {"methodsPerStep": 0}, "INVALID_INPUT", ["methodsPerStep"]),
    ("setRecoveryPolicy", {"paydays": [0]}, "INVALID_INPUT", ["paydays"]),
    ("setRecoveryPolicy", {"rules": [{"code": "stolen_card", "step": "TIMELINE"}]}, "INVALID_INPUT", ["rules", "step"]),
    ("setRecoveryPolicy", {"rules": [{"code": "x", "step": "AFTER"}]}, "INVALID_INPUT", ["rules", "days"]),
    ("setRecoveryPolicy", {"leastParts": [{"minorUnits": "0", "currency": "EUR"}]}, "INVALID_AMOUNT", ["leastParts"]),
]  # fmt: skip
# For each of them another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "choosePayday": {"day": "2027-02-08"},
    "splitInvoice": {"parts": 3},
    "setRecoveryPolicy": {"ownTries": 4},
}
ADMINS = ("setRecoveryPolicy",)
SUPPORTS = ("choosePayday", "splitInvoice")
