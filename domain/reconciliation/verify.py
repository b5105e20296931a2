"""Verification: all that can be recomputed is, from the transfers and documents up; the first wrong row is named."""

from dataclasses import dataclass

from domain.db import Primary
from domain.ids import CustomerId
from domain.reconciliation import (
    billing_checks,
    credit_note_checks,
    dispute_checks,
    document_checks,
    dunning_checks,
    explanation_checks,
    family_checks,
    history_checks,
    ledger_checks,
    saga_checks,
)

CHECKS = (
    *ledger_checks.CHECKS,
    *document_checks.CHECKS,
    *credit_note_checks.CHECKS,
    *billing_checks.CHECKS,
    *history_checks.CHECKS,
    *explanation_checks.CHECKS,
    *dunning_checks.CHECKS,
    *dispute_checks.CHECKS,
    *saga_checks.CHECKS,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that does not hold, and the first row that breaks it."""

    check: str
    customer: CustomerId
    relation: str
    row: str

    def __str__(self) -> str:
        return f"{self.check.replace('_', ' ')}: {self.relation} {self.row} of {self.customer}"


async def verify_shard(db: Primary, shard: int) -> list[Finding]:
    """The first wrong row of each check on a shard key; empty where the books hold."""
    findings = []
    for check in CHECKS:
        rows = await check(db, shard)
        if rows:
            row = rows[0]
            customer = CustomerId(shard, row["customer_id"])
            findings.append(Finding(check.__name__, customer, row["relation"], row["row"]))
    wrong = await family_checks.families_hold(db, shard)
    return findings + [Finding(family_checks.families_hold.__name__, *each) for each in wrong[:1]]
