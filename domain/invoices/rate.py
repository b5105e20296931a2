"""Rating: discount, then tax, for every line of a draft; a preview and an issued invoice go the same way.

Only charges are discounted and taxed anew. A credit gives back a share of a charge, after its discount, and of the
very tax that was charged.

No coupon reduces a line without a price, whatever its scope: neither a line of staff nor the true-up of a commitment. A
coupon is for periods of plans (once, or so many of them), of one subscription or of all that an account has; what staff
writes is an amount that was agreed on as it stands, and belongs to no period that could be counted down. So such a line
uses no coupon up either.

What a change bills anew goes on with the period that it takes the rest of back: a coupon that had reduced that reduces
what is billed in its place too, though it is used up by now, and is not used up once more. A whole period that begins
when a part of the other has passed is another one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from domain.catalog.discount import Discountable, LineDiscount, discounts, used_on_whole_periods
from domain.catalog.redeem import Spent, available
from domain.db import Primary
from domain.ids import CouponRedemptionId, CustomerId, LegalEntityId, SubscriptionId
from domain.invoices.given_back import credited, taken_of
from domain.invoices.line import Derivation, Line, LineRef
from domain.invoices.line_discount import Reduction
from domain.invoices.line_tax import TaxPart, by_tax
from domain.invoices.reversal import Taken, after
from domain.invoices.taxing import Taxed, tax_charges
from domain.money import AmountOutOfRange, Currency, Money, total
from domain.refusals import RefusalCode, Refused
from domain.vault import Vault


@dataclass(frozen=True, slots=True)
class Bill:
    """Who is billed by whom, for which subscription if for one, at what instant of business time, and in which money.

    The vault makes the token by which tax engines know the customer. ``spent`` are periods of coupons that invoices
    before it are to use up, ``carried`` are redemptions whose period goes on with it, beside those of its credits.
    """

    customer: CustomerId
    legal_entity: LegalEntityId
    subscription: SubscriptionId | None
    at: datetime
    currency: Currency
    vault: Vault
    spent: tuple[Spent, ...] = ()
    carried: tuple[CouponRedemptionId, ...] = ()


@dataclass(frozen=True, slots=True)
class Rated:
    """The lines with discount and tax.

    ``used`` are the redemptions whose periods are counted down, ``given_back`` the parts of issued charges that its
    credits take, ``taxed`` what the taxes of its charges were decided from.
    """

    currency: Currency
    lines: tuple[Line, ...]
    used: tuple[CouponRedemptionId, ...]
    given_back: tuple[tuple[LineRef, Taken], ...]
    taxed: Taxed | None

    @property
    def subtotal(self) -> Money:
        """The sum before tax."""
        return total((line.net for line in self.lines), self.currency)

    @property
    def tax(self) -> Money:
        """The sum of the taxes."""
        return total((line.tax for line in self.lines), self.currency)

    @property
    def total(self) -> Money:
        """What is owed: subtotal + tax."""
        return self.subtotal + self.tax

    @property
    def taxes(self) -> tuple[TaxPart, ...]:
        """The taxes by rate."""
        return by_tax(part for line in self.lines for part in line.components)


async def rate(db: Primary, of: Bill, lines: Sequence[Line]) -> Rated:
    """The lines in their order; EXCEEDS_INVOICED where a credit takes more than its charge has left, INVALID_AMOUNT
    where they come to more than can be billed."""
    try:
        whole = await _rated(db, of, lines)
        _ = whole.total  # each line can be an amount whose sum is none
    except AmountOutOfRange as error:
        raise Refused(RefusalCode.INVALID_AMOUNT, "With its tax that is beyond what can be billed.") from error
    return whole


async def _rated(db: Primary, of: Bill, lines: Sequence[Line]) -> Rated:
    given_back = await credited(db, of.customer, lines)
    rated, used = await _discounted(db, of, lines, given_back)
    rated, taxed = await tax_charges(db, of.vault, of.customer, of.legal_entity, of.at, rated)
    rated, given = _credited(rated, given_back)
    return Rated(of.currency, tuple(rated), used, given, taxed)


async def discounted(db: Primary, of: Bill, lines: Sequence[Line]) -> tuple[list[Line], tuple[CouponRedemptionId, ...]]:
    """The lines with their discounts alone, and the redemptions of which they use a period up."""
    return await _discounted(db, of, lines, await credited(db, of.customer, lines))


def carried(charge: Line, unused: Derivation, anew: Sequence[Line]) -> list[CouponRedemptionId]:
    """The redemptions of a charge whose period goes on with what is billed anew, so much of it being unused."""
    begins = any(_is_of_a_plan(line) and line.derivation.is_whole for line in anew)
    goes_on = not begins or (charge.derivation.is_whole and unused.is_whole)
    return [each.redemption for each in charge.reductions] if goes_on else []


def carried_by(lines: Sequence[Line], charges: Mapping[LineRef, Line]) -> list[CouponRedemptionId]:
    """Those of the charges that the lines' credits give back."""
    return [each for line in lines if line.credits for each in carried(charges[line.credits], line.derivation, lines)]


def _is_of_a_plan(line: Line) -> bool:
    return line.credits is None and line.price is not None


async def _discounted(
    db: Primary, of: Bill, lines: Sequence[Line], charges: Mapping[LineRef, Line]
) -> tuple[list[Line], tuple[CouponRedemptionId, ...]]:
    gone_on = (*of.carried, *carried_by(lines, charges))
    offered = await available(db, of.customer, of.subscription, of.at, of.spent, gone_on)
    names = {each.redemption: each.name for each in offered}
    charged = [place for place, line in enumerate(lines) if _is_of_a_plan(line)]
    prices = [discountable(lines[place]) for place in charged]
    found = discounts(offered, prices)
    by_place = dict(zip(charged, found, strict=True))
    rated = []
    for place, line in enumerate(lines):
        own = tuple(_reduction(each, names) for each in by_place.get(place, ()))
        rated.append(replace(line, discount=total((each.amount for each in own), of.currency), reductions=own))
    return rated, tuple(each for each in used_on_whole_periods(prices, found) if each not in gone_on)


def discountable(line: Line) -> Discountable:
    """The charge as discounts see it."""
    return Discountable(line.plan, line.list_amount, line.derivation.is_whole)


def _reduction(each: LineDiscount, names: dict[CouponRedemptionId, str]) -> Reduction:
    of = each.working
    return Reduction(
        each.redemption, names[each.redemption], each.amount, of.percent_ppm, of.fixed, of.base, of.weight
    )  # fmt: skip


def _credited(
    lines: Sequence[Line], charges: Mapping[LineRef, Line]
) -> tuple[list[Line], tuple[tuple[LineRef, Taken], ...]]:
    """Credits take the tax of their charges with them, one after the other from what is left."""
    open_charges, rated, given = dict(charges), [], []
    for line in lines:
        if line.credits is None:
            rated.append(line)
            continue
        charge = open_charges[line.credits]
        taken = taken_of(charge, -line.amount)
        open_charges[line.credits] = after(charge, taken)
        given.append((line.credits, taken))
        rated.append(replace(line, components=_negative(taken.components)))
    return rated, tuple(given)


def _negative(parts: Sequence[TaxPart]) -> tuple[TaxPart, ...]:
    return tuple(replace(part, taxable=-part.taxable, amount=-part.amount) for part in parts)
