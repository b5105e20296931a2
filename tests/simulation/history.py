"""What was done, in the order in which it was done: the audit trail of each customer, and what it gave back of charges.

Built once for a look, at rest: facts are never changed, so that nothing is missed by looking late.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.simulation.facts import Row
from tests.simulation.look import Look

Place = tuple[UUID, int]  # a line of an invoice


@dataclass(frozen=True)
class Done:
    """One operation of a customer."""

    number: int
    id: UUID
    name: str
    known: datetime
    at: datetime
    command: Any
    outcome: Any
    actor: str


@dataclass(frozen=True)
class Given:
    """A part of a charge that was given back, or (below zero) that counts again, by the operation of that number."""

    number: int
    amount: int
    tax: int
    gross: bool


@dataclass
class History:
    """All operations by customer, the operation that issued each document, and what was given back of each charge."""

    look: Look
    done: dict[UUID, list[Done]] = field(default_factory=dict)
    by_id: dict[UUID, Done] = field(default_factory=dict)
    given: dict[Place, list[Given]] = field(default_factory=dict)

    @classmethod
    def of(cls, look: Look) -> "History":
        """The history behind a look."""
        found = look.__dict__.get("_history")
        if found is None:
            found = look.__dict__["_history"] = cls(look)
            found._read()
            found._count()
        assert isinstance(found, cls)
        return found

    def _read(self) -> None:
        bodies = {(row["customer_id"], row["number"]): row for row in self.look.facts.rows["audit_body"]}
        patrons = {patron.id.uuid for patron in self.look.town.patrons}
        for row in self.look.facts.rows["audit_entry"]:
            if row["customer_id"] not in patrons:
                continue  # the tenant's own, or one whose first call was never answered
            body = self.look.body(bodies[row["customer_id"], row["number"]])
            at = datetime.fromisoformat(body["happened_at"])
            each = Done(
                row["number"], row["operation_id"], body["operation"], row["recorded_at"], at, body["command"],
                body["outcome"], body["actor"],
            )  # fmt: skip
            self.done.setdefault(row["customer_id"], []).append(each)
            self.by_id[row["operation_id"]] = each

    def began(self, entity: UUID) -> Done:
        """The operation that made an entity with a machine."""
        return self.by_id[self.look.facts.one("transition", entity_id=entity, seq=1)["operation_id"]]

    def moved(self, entity: UUID, to: str) -> Done | None:
        """The operation that took it to a state, if any did."""
        rows = self.look.facts.of("transition", entity_id=entity, to_state=to)
        return self.by_id[rows[0]["operation_id"]] if rows else None

    def _count(self) -> None:
        facts = self.look.facts
        lines = {(line["invoice_id"], line["position"]): line for line in facts.rows["invoice_line"]}
        for line in lines.values():
            if line["kind"] == "credit":
                place = (line["credits_invoice_id"], line["credits_position"])
                self._add(place, line["invoice_id"], "void", -line["amount"], -line["tax"], gross=False)
        notes = {row["id"]: row for row in facts.rows["credit_note"]}
        for line in facts.rows["credit_note_line"]:
            of = lines[line["invoice_id"], line["invoice_position"]]
            on_credit = of["kind"] == "credit"
            place = (
                (of["credits_invoice_id"], of["credits_position"]) if on_credit else (of["invoice_id"], of["position"])
            )
            gross = notes[line["credit_note_id"]]["kind"] != "unused_time"
            self._add(place, line["credit_note_id"], "void", line["amount"], line["tax"], gross=gross)
        for events in self.given.values():
            events.sort(key=lambda each: each.number)

    def _add(self, place: Place, document: UUID, undone: str, amount: int, tax: int, *, gross: bool) -> None:
        events = self.given.setdefault(place, [])
        events.append(Given(self.began(document).number, amount, tax, gross))
        void = self.moved(document, undone)
        if void:
            events.append(Given(void.number, -amount, -tax, gross))

    def given_before(self, line: Row, number: int) -> tuple[int, int]:
        """What of a charge and of its tax had been given back before the operation of that number. What it voids itself
        counts again: who leaves takes back a change on account first that was not heard of yet."""
        given = self.given.get((line["invoice_id"], line["position"]), [])
        events = [each for each in given if each.number < number or (each.number == number and each.amount < 0)]
        return sum(each.amount for each in events), sum(each.tax for each in events)

    def charges(self) -> Iterator[Row]:
        """All charges of issued invoices."""
        yield from self.look.facts.of("invoice_line", kind="charge")
