"""Counting what is given back of issued charges: nothing is given back twice; keys refuse more than there is."""

from collections import Counter
from collections.abc import Iterable, Sequence

from domain.db import CHECK, Primary, Tx
from domain.ids import CustomerId
from domain.invoices.line import Line, LineRef, lines_of
from domain.invoices.reversal import MoreThanLeft, Taken, take
from domain.money import Money
from domain.refusals import RefusalCode, Refused


async def charges(db: Primary, customer: CustomerId, refs: Iterable[LineRef]) -> dict[LineRef, Line]:
    """The customer's charges at these places, with what was given back of them; NOT_FOUND for any other place."""
    wanted = set(refs)
    found = await lines_of(db, customer, sorted({ref.invoice for ref in wanted})) if wanted else {}
    lines: dict[LineRef, Line] = {}
    for ref in wanted:
        own = found[ref.invoice]
        if not 1 <= ref.position <= len(own) or own[ref.position - 1].kind != "charge":
            raise Refused(RefusalCode.NOT_FOUND, "There is no such charge on the invoice.")
        lines[ref] = own[ref.position - 1]
    return lines


async def credited(db: Primary, customer: CustomerId, lines: Iterable[Line]) -> dict[LineRef, Line]:
    """The charges that these lines give back, by their places."""
    return await charges(db, customer, [line.credits for line in lines if line.credits])


def exceeded(description: str, left: Money, *path: str) -> Refused:
    """The refusal to give back more than is left, about the part of the input that asked for it, if one did."""
    message = f"At most {left} of {description} are left to give back."
    return Refused(RefusalCode.EXCEEDS_INVOICED, message, path)


def taken_of(charge: Line, amount: Money, *path: str) -> Taken:
    """The part of that amount, as the line counts; EXCEEDS_INVOICED, about the path, beyond what is left."""
    try:
        return take(charge, amount)
    except MoreThanLeft as error:
        raise exceeded(charge.description, charge.amount - charge.given_back, *path) from error


async def give_back(tx: Tx, parts: Sequence[tuple[LineRef, Taken]]) -> None:
    """Counts the parts as given back; EXCEEDS_INVOICED where a charge has less left."""
    await _count(tx, parts, 1)


async def take_again(tx: Tx, parts: Sequence[tuple[LineRef, Taken]]) -> None:
    """Counts parts no longer as given back, as what gave them back is void."""
    await _count(tx, parts, -1)


async def _count(tx: Tx, parts: Sequence[tuple[LineRef, Taken]], sign: int) -> None:
    lines: Counter[tuple[LineRef, int]] = Counter()  # a part of 0 stands for the line itself
    for ref, taken in parts:
        lines[ref, 0] += sign * taken.amount.minor
        for part in taken.components:
            lines[ref, part.part] += sign * part.amount.minor
    try:
        await _add(tx, {ref: minor for (ref, part), minor in lines.items() if part == 0 and minor})
        await _add_tax(tx, {place: minor for place, minor in lines.items() if place[1] and minor})
    except CHECK as error:
        raise Refused(RefusalCode.EXCEEDS_INVOICED, "More would be given back than was charged.") from error


async def _add(tx: Tx, amounts: dict[LineRef, int]) -> None:
    if not amounts:
        return
    await tx.execute(
        """UPDATE invoice_line l SET given_back = l.given_back + g.amount
             FROM unnest($3::uuid[], $4::int[], $5::bigint[]) AS g (invoice_id, position, amount)
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND l.invoice_id = g.invoice_id
              AND l.position = g.position""",
        tx.customer.shard,
        tx.customer.uuid,
        [ref.invoice.uuid for ref in amounts],
        [ref.position for ref in amounts],
        list(amounts.values()),
    )


async def _add_tax(tx: Tx, amounts: dict[tuple[LineRef, int], int]) -> None:
    if not amounts:
        return
    await tx.execute(
        """UPDATE invoice_line_tax l SET given_back = l.given_back + g.amount
             FROM unnest($3::uuid[], $4::int[], $5::int[], $6::bigint[]) AS g (invoice_id, position, part, amount)
            WHERE l.shard_key = $1 AND l.customer_id = $2 AND l.invoice_id = g.invoice_id AND l.position = g.position
              AND l.part = g.part""",
        tx.customer.shard,
        tx.customer.uuid,
        [ref.invoice.uuid for ref, _ in amounts],
        [ref.position for ref, _ in amounts],
        [part for _, part in amounts],
        list(amounts.values()),
    )
