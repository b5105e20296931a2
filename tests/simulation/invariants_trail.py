"""Keys, the audit trail and the inbox: invariants 13, 27, 28 and 35."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from tests.simulation.contradictions import CONTRADICTED, is_contradiction, is_real
from tests.simulation.facts import Row
from tests.simulation.look import Look
from tests.simulation.provider import KEY_WINDOW
from tests.simulation.town import ACCOUNT

KNOWN = ("refund_failed", "payment_excess", "payment_loss", *CONTRADICTED)  # it is known what became of that money
CALLS = 20  # more than one step answers
# Of whose outcome nobody may be sure yet.
UNSURE = frozenset({"processing", "requires_action", "unknown", "authorized", "captured", "requested", "submitted",
                    "pending"})  # fmt: skip


def each_key_has_one_effect(look: Look) -> Iterator[str]:
    """13 and 28: an operation has one key, one stored outcome and one audit entry; an answered call has its key."""
    keys = list(look.fresh("operation_key"))
    forgotten = look.memory.forgotten
    entries = Counter((row["customer_id"], row["operation_id"]) for row in look.fresh("audit_entry"))
    kept = Counter((row["customer_id"], row["operation_id"]) for row in keys)
    if unpaired := [place for place in (entries - kept) + (kept - entries) if place[1] not in forgotten]:
        yield f"operation keys and audit entries do not pair: {unpaired}"
    yield from (f"key {row['key']} has no outcome" for row in keys if row["outcome"] is None)
    known = _known(look)
    for call, _ in look.town.answered if look.whole else look.town.answered[-CALLS:]:
        if (call.customer.uuid, call.actor.scope, call.key) not in known:
            yield f"{call.name} was answered under {call.key}, and the key is gone"


def _known(look: Look) -> set[tuple[object, ...]]:
    """The keys that there are: after a step, those that there were with what was written since."""
    if look.whole:
        look.memory.keys = {_key(row) for row in look.facts.rows["operation_key"]}
        return look.memory.keys
    known = look.memory.keys
    for change in look.changes:
        if change.table == "operation_key" and change.after is not None:
            known.add(_key(change.after))
        elif change.table == "operation_key" and change.before is not None:
            known.discard(_key(change.before))
    return known


def _key(row: Row) -> tuple[object, ...]:
    return row["customer_id"], row["actor_scope"], row["key"]


def audit_chains_hold(look: Look) -> Iterator[str]:
    """28: hash(n) = H(hash(n - 1), row n), recomputed, up to the hash in the head."""
    bodies = {(row["customer_id"], row["number"]): row["body"] for row in look.facts.rows["audit_body"]}
    chains = look.facts.by("audit_entry", "customer_id")
    for head in look.facts.rows["customer_head"]:
        previous = bytes(32)
        for row in chains.get(head["customer_id"], []):
            body = json.loads(bodies[row["customer_id"], row["number"]])
            text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            body_hash = hashlib.sha256(text.encode()).digest()
            own = f"{row['number']}|{row['operation_id']}|{row['recorded_at'].isoformat()}".encode()
            expected = hashlib.sha256(previous + body_hash + own).digest()
            if (row["previous_hash"], row["hash"]) != (previous, expected):
                yield f"entry {row['number']} of {head['customer_id']} breaks the chain"
            previous = row["hash"]
        if head["audit_hash"] != previous:
            yield f"the head of {head['customer_id']} holds another hash than its last entry"


def nothing_is_logged_as_a_fault(look: Look) -> Iterator[str]:
    """35: whatever fails, fails as something foreseen; work is never given up."""
    yield from (f"the house logged an error: {text}" for text in look.town.errors.found)
    prefix = f"{ACCOUNT}:"
    for key, cause in look.town.errors.dead.items():
        if not is_contradiction(look, key.removeprefix(prefix)):
            yield f"the event {key} is dead: {cause}"
    for row in look.facts.rows["dead_letter"]:
        yield f"a dead letter: {row['source']} {row['kind']} {row['body']} because of {row['cause']}"


def doubts_have_one_case(look: Look) -> Iterator[str]:
    """16: what nobody but staff can decide is an exception, once; what became known is none any more."""
    cases = look.facts.by("exception_case", "kind", "subject")
    for row in look.facts.of("refund", state="failed"):
        expected = row["means"] != "credit"  # of a service credit nothing is left for anybody to decide on
        if len(cases.get(("refund_failed", row["id"]), [])) != expected:
            yield f"refund {row['id']} by {row['means']} has failed, and is not {int(expected)} exceptions"
    waiting = Counter(row["subject"] for row in look.facts.rows["exception_case"]
                      if row["state"] != "resolved" and row["kind"] not in KNOWN)  # fmt: skip
    unsure = {row["id"] for table in ("payment", "refund") for row in look.facts.rows[table] if row["state"] in UNSURE}
    for subject, times in waiting.items():
        if times > 1 or subject not in unsure:
            yield f"{subject} is {times} times in doubt"
    for (kind, subject), rows in cases.items():
        still = [row for row in rows if row["state"] != "resolved"]
        if kind in CONTRADICTED and (len(still) > 1 or not is_real(look, kind, subject)):
            yield f"of {subject} it is said {len(still)} times that it has ended otherwise"


def news_are_stored_once(look: Look) -> Iterator[str]:
    """27: an event of the provider is one row, however often it was delivered."""
    if look.whole:
        stored = Counter((row["provider_account"], row["event_id"]) for row in look.facts.rows["inbox_event"])
        yield from (f"{event} is stored {times} times" for event, times in stored.items() if times > 1)
    for row in look.fresh("inbox_event"):
        event = (row["provider_account"], row["event_id"])
        if look.memory.news.setdefault(event, row["event_key"]) != row["event_key"]:
            yield f"{event} is stored twice"


def refunds_for_staff(look: Look) -> list[UUID]:
    """Refunds that were lost on the way and whose key the provider has forgotten: an open exception of each."""
    waiting = {row["subject"] for row in look.facts.of("exception_case", kind="refund_unknown", state="open")}
    return [
        row["id"]
        for row in look.facts.of("refund", state="unknown")
        if row["id"] in waiting
        and look.books.repayment_by(reference=look.reference("refund", row["id"])) is None
        and look.town.clock.at - row["sent_at"] >= KEY_WINDOW
    ]


CHECKS = (doubts_have_one_case,)
