"""How much credit is withheld for disputes: of the money that came nobody has a part twice, and nobody lacks one."""

from copy import deepcopy
from dataclasses import dataclass
from uuid import UUID

from hypothesis import example
from hypothesis import given as drawn
from hypothesis import strategies as st

from domain.ids import DisputeId, InvoiceId, PaymentId
from domain.invoices.takeover import Takeover, related
from domain.money import Money, total
from domain.payments.disputed_credit import Claim, Pot
from domain.payments.share import Share
from tests.examples_plugin import at_length
from tests.world import EUR

amounts = st.integers(0, 40)


def eur(minor: int) -> Money:
    """So much."""
    return Money(minor, EUR)


def uuid(number: int) -> UUID:
    """An id of its own."""
    return UUID(int=number)


@dataclass
class Family:
    """Invoices that each took a part over of the one before, what paid them, what of that banks have, and what of each
    invoice is credit. The last payment of the last one may be one too many; ``used`` was used up of all the credit,
    and of the payment that was ``returned`` nothing is left."""

    captured: list[list[int]]
    disputed: list[list[int]]
    taken_over: list[int]
    credit: list[int]
    too_many: bool = False
    used: int = 0
    returned: PaymentId | None = None

    def pot(self, was: dict[DisputeId, int] | None = None) -> Pot:
        """The money of these invoices, where so much was withheld for each dispute."""
        held = was or {}
        paid, left, claims = (
            dict[InvoiceId, list[PaymentId]](),
            dict[PaymentId, Money](),
            dict[PaymentId, list[Claim]](),
        )
        shares = dict[InvoiceId, list[Share]]()
        for at, (came, gone) in enumerate(zip(self.captured, self.disputed, strict=True)):
            invoice = InvoiceId(1, uuid(at))
            paid[invoice] = [PaymentId(1, uuid(100 * at + each)) for each in range(len(came))]
            for id, captured, covered in zip(paid[invoice], came, gone, strict=True):
                left[id] = eur(0 if id == self.returned else captured - covered)
                known = held.get(DisputeId(1, id.uuid), 0)
                claims[id] = [Claim(DisputeId(1, id.uuid), eur(known), eur(covered - known))] if covered else []
            shares[invoice] = [Share(InvoiceId(1, uuid(at - 1)), eur(self.taken_over[at]))] if at else []
        there = eur(max(0, sum(self.credit) - sum(held.values()) - self.used))
        returned = frozenset({self.returned} if self.returned else ())
        return Pot(self.given(), paid, left, self._too_much(list(left)), claims, shares, there, returned)

    def _too_much(self, payments: list[PaymentId]) -> dict[PaymentId, Money]:
        found = dict.fromkeys(payments, eur(0))
        if self.too_many and payments[-1] != self.returned:
            found[payments[-1]] = eur(self.captured[-1][-1])
        return found

    def given(self) -> dict[InvoiceId, Money]:
        """What each invoice's money became as credit."""
        return {InvoiceId(1, uuid(at)): eur(each) for at, each in enumerate(self.credit)}


percent = st.integers(0, 100)
# Of an invoice: what paid it and how much of that banks have, what it took over, and what of the rest is credit.
drawn_invoices = st.lists(
    st.tuples(st.lists(st.tuples(amounts, percent), max_size=2), percent, percent), min_size=1, max_size=4
)


def family(invoices: list[tuple[list[tuple[int, int]], int, int]], too_many: bool) -> Family:
    """Credit of an invoice is never more than what paid it, less what the next one took over."""
    captured = [[came for came, _ in own] for own, _, _ in invoices]
    disputed = [[came * part // 100 for came, part in own] for own, _, _ in invoices]
    taken_over, worth = [0], [sum(captured[0])]
    for own, (_, part, _) in zip(captured[1:], invoices[1:], strict=True):
        taken_over.append(worth[-1] * part // 100)
        worth.append(sum(own) + taken_over[-1])
    left = [whole - next_one for whole, next_one in zip(worth, [*taken_over[1:], 0], strict=True)]
    credit = [whole * part // 100 for whole, (_, _, part) in zip(left, invoices, strict=True)]
    too_many = too_many and bool(captured[-1])
    if too_many:
        credit[-1] = max(credit[-1], captured[-1][-1])
    return Family(captured, disputed, taken_over, credit, too_many)


def families() -> st.SearchStrategy[Family]:
    """Up to four invoices, each a change of the one before."""
    return st.builds(family, drawn_invoices, st.booleans())


def settled(of: Family, was: dict[DisputeId, int]) -> dict[DisputeId, int]:
    """What is withheld for each dispute after one more look, where so much was."""
    pot, found = of.pot(was), dict(was)
    for dispute, part in pot.too_much_withheld():
        found[dispute] -= part.minor
    for dispute, part in pot.to_withhold():
        found[dispute] = found.get(dispute, 0) + part.minor
    return found


def bounds(of: Family, held: dict[DisputeId, int]) -> tuple[int, int]:
    """What the customer has back, as credit and by banks, and what was captured."""
    back = sum(of.credit) - sum(held.values()) + sum(sum(some) for some in of.disputed)
    return back, sum(sum(some) for some in of.captured)


@at_length
@drawn(families())
def test_nobody_has_more_back_than_came_and_a_second_look_changes_nothing(of: Family) -> None:
    held = settled(of, {})
    back, came = bounds(of, held)
    assert back <= came
    assert settled(of, held) == held
    disputes = {claim.dispute: claim.more.minor for some in of.pot().claims.values() for claim in some}
    assert all(0 <= part <= disputes[id] for id, part in held.items())
    if of.too_many:  # that one's credit stands for that one alone
        last = DisputeId(1, uuid(100 * (len(of.captured) - 1) + len(of.captured[-1]) - 1))
        assert held.get(last, 0) == of.disputed[-1][-1]


@at_length
@drawn(families(), amounts)
@example(Family([[2], []], [[2], []], [0, 1], [1, 1]), 1)
def test_no_more_is_withheld_than_is_there(of: Family, used: int) -> None:
    of.used = min(used, sum(of.credit))
    held = settled(of, {})
    assert sum(held.values()) <= sum(of.credit) - of.used
    assert settled(of, held) == held


@at_length
@drawn(families(), amounts)
def test_what_was_withheld_of_a_payment_that_is_returned_stays(of: Family, used: int) -> None:
    of.used = min(used, sum(of.credit))
    held = settled(of, {})
    for id in of.pot().left:
        of.returned = id
        after = settled(of, held)
        assert after.get(DisputeId(1, id.uuid), 0) >= held.get(DisputeId(1, id.uuid), 0)
        assert settled(of, after) == after
        assert sum(held.values()) <= sum(after.values()) <= sum(of.credit) - of.used


@at_length
@drawn(families())
def test_without_disputes_nothing_is_withheld_and_what_was_is_set_free(of: Family) -> None:
    held = settled(of, {})
    for at, some in enumerate(of.disputed):
        for each, covered in enumerate(some):
            won = deepcopy(of)
            won.disputed[at][each] = 0
            rest = {id: part for id, part in held.items() if id != DisputeId(1, uuid(100 * at + each))}
            after = settled(won, rest)
            assert sum(after.values()) == sum(settled(won, {}).values()), (covered, held, after)


@at_length
@drawn(families())
def test_no_more_is_withheld_than_is_over(of: Family) -> None:
    """With one invoice, that is what is credit beyond what is left of its payments."""
    one = Family(of.captured[-1:], of.disputed[-1:], [0], [min(of.credit[-1], sum(of.captured[-1]))])
    left = sum(one.captured[0]) - sum(one.disputed[0])
    assert sum(settled(one, {}).values()) == max(0, one.credit[0] - left)
    assert total((part for _, part in one.pot().to_withhold()), EUR) == eur(max(0, one.credit[0] - left))


@at_length
@drawn(families())
def test_what_is_withheld_is_of_some_invoices_credit(of: Family) -> None:
    held = settled(of, {})
    assert sum(each.minor for each in of.pot(held).withheld_of_each().values()) == sum(held.values())


def test_a_long_way_of_changes_is_gone_to_its_end() -> None:
    size = 1200
    of = Family([[1000], *([] for _ in range(size))], [[1000], *([] for _ in range(size))], [0, *[9] * size],
                [0] * size + [9])  # fmt: skip
    assert sum(settled(of, {}).values()) == 9
    known = [Takeover(InvoiceId(1, uuid(at + 1)), InvoiceId(1, uuid(at)), eur(9)) for at in range(size)]
    assert related(InvoiceId(1, uuid(7)), known) == [InvoiceId(1, uuid(at)) for at in range(size + 1)]
