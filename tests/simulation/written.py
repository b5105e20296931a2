"""Which tables may have been written to since the last look, by the statements that were sent: the others are left out.

Only which ones to read is told by this; what stands in them is read. What it missed, a look at all that is there finds.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

# What is written together is read together: so few looks differ that each is prepared once. Any other table is in all.
GROUPS = (
    frozenset(
        {"ledger_transaction", "ledger_transfer", "account_balance", "number_series", "invoice_draft", "invoice",
         "invoice_line", "invoice_tax", "invoice_line_tax", "invoice_line_discount", "credit_note", "credit_note_line",
         "receipt"}
    ),
    frozenset(
        {"payment", "refund", "refund_request", "dispute", "installment_plan", "installment", "exception_case",
         "dunning_case", "saga", "subscription", "subscription_terms", "subscription_pause", "trial_taken",
         "family_claim", "contract"}
    ),
    frozenset(
        {"customer", "payment_method", "billing_terms", "tax_identity", "tax_exemption", "coupon_counter",
         "coupon_redemption", "tax_correction", "refusal_log"}
    ),
)  # fmt: skip
_WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(\w+)")

Groups = frozenset[int]


@lru_cache(maxsize=1000)  # the code has about 170 statements
def _groups_of(sql: str) -> Groups | None:
    """The groups that a statement writes to, none where it writes elsewhere; None where it does not write."""
    tables = set(_WRITES.findall(sql))
    return frozenset(at for at, group in enumerate(GROUPS) if group & tables) if tables else None


class Written:
    """An observer of statements; before it is heard of any, everything may have been written to."""

    def __init__(self) -> None:
        self._any = False
        self._groups: set[int] = set()

    def observe(self, sql: str, args: Sequence[object], tx: object | None) -> None:
        """Takes note of a statement that is about to run."""
        groups = _groups_of(sql)
        if groups is not None:
            self._any = True
            self._groups |= groups

    def take(self) -> Groups | None:
        """The groups that were written to since this was asked last; None where nothing was written at all."""
        taken = frozenset(self._groups) if self._any else None
        self._any, self._groups = False, set()
        return taken
