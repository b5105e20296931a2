"""A change that waits for its payment, and whose tax is adjusted meanwhile."""

import pytest

from domain.payments.settle_payment import News
from domain.reactions.house import House
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.domain.corrections.correction_kit import corrected, german_shop, rate_is
from tests.lives import attempts_at, buyer, day, invoices_of, start, subscription_of, tell, until, wrong_rows
from tests.tax_kit import TAX_IDS


@pytest.mark.parametrize("end", [News.DECLINED, News.CAPTURED])
async def test_a_change_that_was_declined_is_dropped_only_when_its_taxs_own_payment_is_known(
    house: House, end: News
) -> None:
    shop = await german_shop(house, TAX_IDS["DE"])
    ada = await buyer(shop)
    await start(shop, ada)
    await until(shop, ada, day(1, 11))
    await shop.card(ada, "tok_3ds")
    begun = (await subscription_of(shop, ada)).id
    changed = await shop.do(ada, change_plan, ChangePlan(begun, shop.prices["team"]))
    assert changed.outcome.invoice is not None
    await rate_is(shop, 210_000)
    done = await corrected(shop, ada, changed.outcome.invoice)
    assert done.adjustment is not None and done.payment is not None
    await tell(shop, ada, changed.outcome.payment, News.DECLINED)
    assert [each.state.name for each in await invoices_of(shop, ada)] == ["paid", "open", "open"]
    (extra,) = await attempts_at(shop, ada, done.adjustment)
    await tell(shop, ada, extra.id, end, captured=extra.amount if end is News.CAPTURED else None)
    after = [each.state.name for each in await invoices_of(shop, ada)]
    assert after == ["paid", "void", "void" if end is News.DECLINED else "paid"]
    assert (await subscription_of(shop, ada)).pending is None
    assert await wrong_rows(shop, ada) == []
