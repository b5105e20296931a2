"""What becomes of a subscription when its trial is over: it is billed, or it ends or pauses for want of a method."""

from domain.catalog.plan import TrialEnd, plan_version
from domain.customers.customer import customer
from domain.db import Tx
from domain.invoices.billing_terms import AUTOMATIC, billing_terms
from domain.subscriptions.store import Pause, move
from domain.subscriptions.subscription import Subscription


async def converts(tx: Tx, of: Subscription) -> bool:
    """Whether the first billed period begins; otherwise the subscription ended or paused here, as its plan says.

    Who has a payment method or pays on account is billed, and so is everybody where the plan invoices after a trial.
    """
    has_method = (await customer(tx, tx.head.tenant, tx.customer)).default_method is not None
    on_account = (await billing_terms(tx, tx.customer)).collection != AUTOMATIC
    rule = (await plan_version(tx, of.tenant, of.plan_version)).trial_end
    if has_method or on_account or rule is TrialEnd.INVOICE:
        return True
    if rule is TrialEnd.PAUSE:
        await move(tx, of, "pause", pause=Pause(None, "none"))
    else:
        await move(tx, of, "cancel", ended_at=of.trial_end)
    return False
