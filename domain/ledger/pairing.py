"""Making transfers of what several accounts are debited and credited with in one posting."""

from collections.abc import Sequence

from domain.ledger.account import Account
from domain.ledger.post import Transfer
from domain.money import Money


def transfers_of(legs: Sequence[tuple[Account, Money]]) -> list[Transfer]:
    """Transfers that debit each account with its amount, or credit it where that is negative; none for nothing.

    The legs sum to zero, else ValueError; in their order each debit is paired with the credits that are left.
    """
    debits = [(account, amount.minor) for account, amount in legs if amount.minor > 0]
    credits = [(account, -amount.minor) for account, amount in legs if amount.minor < 0]
    if sum(minor for _, minor in debits) != sum(minor for _, minor in credits):
        raise ValueError("the legs of a posting do not sum to zero")
    found: list[Transfer] = []
    while debits:
        (debit, owed), (credit, had) = debits.pop(0), credits.pop(0)
        moved = min(owed, had)
        found.append(Transfer(debit, credit, Money(moved, legs[0][1].currency)))
        debits[:0] = [(debit, owed - moved)] if owed > moved else []
        credits[:0] = [(credit, had - moved)] if had > moved else []
    return found
