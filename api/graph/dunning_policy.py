"""The tenant's dunning policy: one timeline of days after a failed payment."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SaveDunningPolicyError, as_error
from api.scalars import IdempotencyKey
from domain.dunning.case import policy
from domain.dunning.save_policy import SaveDunningPolicy, save_dunning_policy
from domain.refusals import Refused


@strawberry.type(description="What happens when a payment has failed, in days after that.")
class DunningPolicy:
    """The timeline that new cases follow."""

    retry_days: list[int] = strawberry.field(description="When it is tried again.")
    suspend_day: int = strawberry.field(description="When access ends, never before the last retry.")
    give_up_day: int = strawberry.field(description="When the subscription ends and the invoice is written off.")


@strawberry.input(description="Saves the policy for cases that open from now on; those that are open keep theirs.")
class SaveDunningPolicyInput:
    """Input of saveDunningPolicy."""

    retry_days: list[int] = strawberry.field(description="1 to 20 days in order, the first after a day at least.")
    suspend_day: int = strawberry.field(description="When access ends, never before the last retry.")
    give_up_day: int = strawberry.field(description="After the suspension, day 365 at the latest.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The policy as it stands now.")
class SaveDunningPolicyPayload:
    """Payload of saveDunningPolicy."""

    dunning_policy: DunningPolicy | None = strawberry.field(description="The policy.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SaveDunningPolicyError] = strawberry.field(description=ERRORS)


async def save_a_policy(info: Info, input: SaveDunningPolicyInput) -> SaveDunningPolicyPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        command = SaveDunningPolicy(tuple(input.retry_days), input.suspend_day, input.give_up_day)
        done = await performed(info, save_dunning_policy, home, command, input.idempotency_key)
    except Refused as refused:
        return SaveDunningPolicyPayload(dunning_policy=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return SaveDunningPolicyPayload(dunning_policy=await current_policy(info), operation=operation, errors=[])


async def current_policy(info: Info) -> DunningPolicy:
    """The policy that new cases follow."""
    found = await policy(info.context.db.primary, info.context.tenant)
    return DunningPolicy(
        retry_days=list(found.retry_days), suspend_day=found.suspend_day, give_up_day=found.give_up_day
    )
