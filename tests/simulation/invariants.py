"""All that must hold: after each step, and again when everything has come to rest."""

from collections.abc import Sequence

from domain.reconciliation.verify import verify_shard
from tests.simulation import (
    invariants_books,
    invariants_contracts,
    invariants_coupons,
    invariants_credits,
    invariants_disputes,
    invariants_documents,
    invariants_law,
    invariants_payments,
    invariants_rest,
    invariants_states,
    invariants_tax,
    invariants_terms,
    invariants_trail,
)
from tests.simulation.look import Check, Look, Memory
from tests.simulation.town import Broken, Town

EACH_STEP: tuple[Check, ...] = (
    *invariants_books.CHECKS,  # first, since they notice which keys were forgotten in time
    *invariants_trail.CHECKS,
    *invariants_documents.CHECKS,
    *invariants_tax.CHECKS,
    *invariants_coupons.EACH_STEP,
    *invariants_payments.CHECKS,
    *invariants_disputes.EACH_STEP,
    *invariants_states.CHECKS,
)
AT_REST: tuple[Check, ...] = (
    invariants_trail.audit_chains_hold,
    *invariants_rest.CHECKS,
    *invariants_terms.CHECKS,
    *invariants_credits.CHECKS,
    *invariants_coupons.AT_REST,
    *invariants_law.CHECKS,
    *invariants_contracts.CHECKS,
    *invariants_disputes.AT_REST,
)


def check_each_step(town: Town, memory: Memory) -> None:
    """Broken with what does not hold after a step."""
    _check(Look(town, memory), EACH_STEP)


async def check_at_rest(town: Town, memory: Memory) -> None:
    """Broken with what does not hold when nothing is left to do; the house's own verification must agree."""
    _check(Look(town, memory), (*EACH_STEP, *AT_REST))
    findings = await verify_shard(town.process.house.db.primary, town.shard)
    if findings:
        raise Broken(f"the house's own verification: {'; '.join(map(str, findings))}")


def _check(look: Look, checks: Sequence[Check]) -> None:
    broken = [f"{check.__name__}: {finding}" for check in checks for finding in check(look)]
    if broken:
        raise Broken("\n".join(broken))
