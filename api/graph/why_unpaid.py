"""Why something is unpaid, in words for its customer."""

from enum import Enum

import strawberry


@strawberry.enum(description="Why it is unpaid. More values may come; say then that it is.")
class WhyUnpaid(Enum):
    """The domain's Why."""

    INSUFFICIENT_FUNDS = strawberry.enum_value("insufficient_funds", description="There was not enough money.")
    METHOD_EXPIRED = strawberry.enum_value("method_expired", description="The method has expired; another one helps.")
    METHOD_REFUSED = strawberry.enum_value("method_refused", description="The method is refused; another one helps.")
    METHOD_MISSING = strawberry.enum_value("method_missing", description="There is no method to charge.")
    NOT_CONFIRMED = strawberry.enum_value("not_confirmed", description="The customer did not confirm the payment.")
    CONFIRMATION_NEEDED = strawberry.enum_value("confirmation_needed", description="The customer has to confirm it.")
    TAKEN_BACK = strawberry.enum_value("taken_back", description="The bank took the money back.")
    DECLINED = strawberry.enum_value("declined", description="The bank declined it; it may go through later.")
    OUTCOME_OPEN = strawberry.enum_value("outcome_open", description="A payment is under way; its outcome is open.")
    OVERDUE = strawberry.enum_value("overdue", description="The day until which it was to be paid has passed.")
    PAID_IN_PARTS = strawberry.enum_value("paid_in_parts", description="It is being paid in parts.")
