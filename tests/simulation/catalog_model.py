"""What is on sale, as the simulation itself published it: versions of prices and plans, tax rates and coupons."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.ids import CouponId, PlanId, PriceId
from domain.money import Currency


@dataclass(frozen=True)
class Offer:
    """A version of a price, and the wall time it was published at; one that is private is sold by contract alone."""

    code: str
    plan: PlanId
    price: PriceId
    minor: int
    currency: Currency
    unit: str
    count: int
    version: int
    effective_from: datetime
    existing_from: datetime | None
    known_from: datetime
    inclusive: bool = False
    flat: bool = False
    private: bool = False

    @property
    def series(self) -> tuple[object, ...]:
        """What its versions have in common."""
        return self.plan, self.currency, self.unit, self.count

    def __str__(self) -> str:
        return f"{self.code} v{self.version} of {self.minor}"


@dataclass(frozen=True)
class Edition:
    """A version of a plan."""

    id: UUID
    plan: PlanId
    version: int
    effective_from: datetime
    existing_from: datetime | None
    family: str
    category: str
    by_day: bool
    known_from: datetime
    terms: Any = None


@dataclass(frozen=True)
class Coupon:
    """A coupon, and when it was ended, if it was."""

    id: CouponId
    code: str
    percent_ppm: int | None
    amount: int | None
    currency: Currency | None
    once: bool
    periods: int | None
    plans: frozenset[UUID]
    account: bool
    redeem_until: datetime | None
    most: int | None


@dataclass
class Catalog:
    """All versions that were published, oldest first."""

    offers: list[Offer] = field(default_factory=list)
    editions: list[Edition] = field(default_factory=list)
    coupons: list[Coupon] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)

    def on_offer(self, at: datetime, currency: Currency | None = None) -> list[Offer]:
        """What anybody may buy at the instant: of each series the last version that has begun."""
        newest: dict[object, Offer] = {}
        for offer in self.offers:
            if not offer.private and offer.effective_from <= at and currency in (None, offer.currency):
                newest[offer.series] = offer
        return list(newest.values())

    def offer(self, price: UUID) -> Offer:
        """The version of that price id."""
        return next(offer for offer in self.offers if offer.price.uuid == price)

    def edition(self, id: UUID) -> Edition:
        """The plan version of that id."""
        return next(edition for edition in self.editions if edition.id == id)

    def sold(self, plan: PlanId, at: datetime, known: datetime) -> Edition:
        """The version of a plan that is sold at the instant, as far as was published by then."""
        mine = [each for each in self.editions if each.plan == plan and each.known_from <= known]
        return [each for each in mine if each.effective_from <= at][-1]

    def renewed(self, own: Offer, at: datetime, known: datetime) -> Offer:
        """What the next term costs: the own price, unless a later version is for who has an earlier one by then."""
        later = [
            each
            for each in self.offers
            if each.series == own.series and each.flat == own.flat and each.version > own.version
            if not (own.private or each.private) and each.existing_from and each.existing_from <= at
            if each.known_from <= known
        ]
        return later[-1] if later else own

    def public(self, own: Offer, at: datetime, known: datetime) -> Offer | None:
        """What everybody pays at the instant for the same plan, currency and interval, as far as was published."""
        fitting = [
            each
            for each in self.offers
            if each.series == own.series and not each.private and each.effective_from <= at and each.known_from <= known
        ]
        return fitting[-1] if fitting else None

    def kept(self, own: Edition, at: datetime, known: datetime) -> Edition:
        """The plan version of the next term, as ``renewed``."""
        later = [
            each
            for each in self.editions
            if each.plan == own.plan and each.version > own.version and each.existing_from
            if each.existing_from <= at and each.known_from <= known
        ]
        return later[-1] if later else own

    def versions(self) -> Iterator[Offer]:
        """The last version of each series that anybody may buy."""
        yield from {offer.series: offer for offer in self.offers if not offer.private}.values()

    def coupon(self, code: str) -> Coupon:
        """The coupon of a code."""
        return next(each for each in self.coupons if each.code == code)
