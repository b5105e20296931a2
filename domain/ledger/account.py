"""The chart of accounts; every account belongs to one customer and one currency."""

from enum import StrEnum

from domain.db import Tx
from domain.ids import CustomerId
from domain.money import Currency


class Account(StrEnum):
    """A kind of account. Company totals are sums over customers."""

    RECEIVABLE = "receivable"  # debit: what the customer owes
    CUSTOMER_CREDIT = "customer_credit"  # credit: what the customer may use up
    CASH_CLEARING = "cash_clearing"  # debit: captured at the provider, not yet paid out
    REVENUE = "revenue"  # credit: before tax
    TAX_PAYABLE = "tax_payable"  # credit: taken for the authorities, owed on to them
    REFUNDS_PAYABLE = "refunds_payable"  # credit: refunds that are under way
    WRITE_OFFS = "write_offs"  # debit: what is given up
    RETURNED_PAYMENTS = "returned_payments"  # debit: taken back by a bank after it had become credit that was used up
    DISPUTES = "disputes"  # debit: taken from us for disputes that are not decided, owed by the scheme if we win
    DISPUTE_LOSSES = "dispute_losses"  # debit: lost by disputes, or disputed beyond what was left of a payment
    DISPUTE_FEES = "dispute_fees"  # debit: what disputes cost beside their money
    CASH_OUTSIDE = "cash_outside"  # debit: paid to us less paid by us where no provider of ours is part of it


DEBIT_NORMAL = frozenset(
    {
        Account.RECEIVABLE,
        Account.CASH_CLEARING,
        Account.CASH_OUTSIDE,
        Account.WRITE_OFFS,
        Account.RETURNED_PAYMENTS,
        Account.DISPUTES,
        Account.DISPUTE_LOSSES,
        Account.DISPUTE_FEES,
    }
)
KEPT = frozenset({Account.RECEIVABLE, Account.CUSTOMER_CREDIT})  # read strongly, so their balance is stored


async def open_accounts(tx: Tx, customer: CustomerId, currency: Currency) -> None:
    """Opens the whole chart for a customer in a currency, with the kept balances at zero.

    The chart is the database's: newer code that runs beside this one may post to accounts that this one does not know.
    """
    await tx.execute(
        """WITH chart AS (SELECT kind FROM account_kind)
           INSERT INTO ledger_account (shard_key, customer_id, kind, currency)
           SELECT $1, $2, kind, $3 FROM chart""",
        customer.shard,
        customer.uuid,
        str(currency),
    )
    await tx.execute(
        """WITH chart AS (SELECT kind FROM account_kind WHERE kept ORDER BY kind)
           INSERT INTO account_balance (shard_key, customer_id, kind, currency, balance, version, through_number)
           SELECT $1, $2, kind, $3, 0, 0, 0 FROM chart""",
        customer.shard,
        customer.uuid,
        str(currency),
    )
