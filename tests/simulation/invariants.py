"""All that must hold: after each step, and again when everything has come to rest."""

from collections.abc import Sequence
from uuid import UUID

from domain.reconciliation.verify import verify_shard
from tests.simulation import (
    invariants_books,
    invariants_contracts,
    invariants_coupons,
    invariants_credits,
    invariants_disputes,
    invariants_documents,
    invariants_given,
    invariants_law,
    invariants_payments,
    invariants_rest,
    invariants_states,
    invariants_tax,
    invariants_terms,
    invariants_trail,
    reading,
    reopened,
)
from tests.simulation.kept import owners
from tests.simulation.look import Check, Look, Memory
from tests.simulation.town import Broken, Town

# About what was written since the last look, and what all customers share.
TOWN: tuple[Check, ...] = (
    invariants_books.facts_never_change,  # first, since it notices which keys were forgotten in time
    invariants_books.postings_are_whole,
    invariants_trail.each_key_has_one_effect,
    invariants_states.moves_are_audited,
    invariants_documents.charges_are_priced_as_offered,
    invariants_documents.numbers_have_no_gaps,
    invariants_coupons.coupons_are_counted,
    invariants_payments.nothing_is_sent_under_a_forgotten_key,
    invariants_trail.news_are_stored_once,
    invariants_trail.nothing_is_logged_as_a_fault,
    *reading.CHECKS,
)
# About each customer by itself.
EACH_CUSTOMER: tuple[Check, ...] = (
    *invariants_books.CHECKS,
    *invariants_trail.CHECKS,
    *invariants_documents.CHECKS,
    *invariants_tax.CHECKS,
    invariants_coupons.discounts_add_up,
    *invariants_payments.CHECKS,
    *invariants_disputes.EACH_STEP,
    *invariants_given.CHECKS,
    *invariants_states.CHECKS,
)
AT_REST: tuple[Check, ...] = (
    invariants_trail.audit_chains_hold,
    *invariants_rest.CHECKS,
    reopened.nobody_forgets_what_is_owed,
    *invariants_terms.CHECKS,
    *invariants_credits.CHECKS,
    *invariants_coupons.AT_REST,
    *invariants_law.CHECKS,
    *invariants_contracts.CHECKS,
    *invariants_disputes.AT_REST,
    *invariants_given.AT_REST,
)


def check_each_step(town: Town, memory: Memory) -> None:
    """Broken with what does not hold after a step, of the customers of whom something moved here or at the provider."""
    changes, touched = town.reader.take_changes(), set(town.provider.books.touched)
    town.provider.books.touched.clear()
    _check(Look(town, memory, town.facts, changes), TOWN)
    there = {patron.id.uuid for patron in town.patrons if str(patron.id) in touched}
    for customer in sorted(owners(changes) | there):
        _check_own(Look(town, memory, town.reader.of(customer)), customer, anew=customer in there)


def _check_own(look: Look, customer: UUID, *, anew: bool) -> None:
    """What held of rows that are still the same holds, unless something happened at the provider as well."""
    tables, due = look.facts.tables, []
    for check in EACH_CUSTOMER:
        seen = look.memory.seen.get((check, customer))
        if anew or seen is None or any(tables[name] is not rows for name, rows in seen.items()):
            due.append(check)
    for check in due:
        look.facts.asked.clear()
        _check(look, (check,))
        look.memory.seen[check, customer] = {name: tables[name] for name in look.facts.asked}


async def check_whole(town: Town, memory: Memory) -> None:
    """Broken with what does not hold of anybody, by rows that are read once more."""
    town.facts = await town.reader.read_again()
    _check_all(town, memory)


def _check_all(town: Town, memory: Memory) -> None:
    changes = town.reader.take_changes()
    _check(Look(town, memory, town.facts, changes, whole=True), (*TOWN, *EACH_CUSTOMER))


async def check_at_rest(town: Town, memory: Memory) -> None:
    """Broken with what does not hold when nothing is left to do; the house's own verification must agree."""
    town.facts = await town.reader.read_anew()
    _check_all(town, memory)
    _check(Look(town, memory, town.facts, whole=True), AT_REST)
    findings = await verify_shard(town.process.house.db.primary, town.shard)
    if findings:
        raise Broken(f"the house's own verification: {'; '.join(map(str, findings))}")


def _check(look: Look, checks: Sequence[Check]) -> None:
    look.memory.held.update(check.__name__ for check in checks)
    broken = [f"{check.__name__}: {finding}" for check in checks for finding in check(look)]
    if broken:
        raise Broken("\n".join(broken))
