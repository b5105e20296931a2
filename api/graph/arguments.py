"""Arguments that many fields share, with the words that the schema publishes for them."""

from datetime import datetime
from typing import Annotated, Final

import strawberry

from api.graph.timing import CancelTiming
from api.scalars import ConsistencyToken, GlobalId, IdempotencyKey
from api.weigh import MUTATION_COST, WORK

First = Annotated[int, strawberry.argument(description="How many elements, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="The cursor after which the page begins.")]
AtLeast = Annotated[
    ConsistencyToken | None,
    strawberry.argument(description="The token of a mutation whose effect the answer must show."),
]
Id = Annotated[GlobalId, strawberry.argument(description="The id that the API gave it.")]
At = Annotated[datetime, strawberry.argument(description="The instant, in the customer's business time.")]
MaybeAt = Annotated[
    datetime | None, strawberry.argument(description="The instant, in the customer's business time; left out: now.")
]
Key = Annotated[IdempotencyKey, strawberry.argument(description="The key of the call whose answer was lost.")]
CustomerArgument = Annotated[GlobalId, strawberry.argument(description="The customer's id.")]
Reference = Annotated[str, strawberry.argument(description="The tenant's own name for the customer.")]
MaybeId = Annotated[GlobalId | None, strawberry.argument(description="The customer's id; or give its reference.")]
MaybeReference = Annotated[str | None, strawberry.argument(description="The tenant's own name; or give the id.")]

CancelWhen = Annotated[CancelTiming, strawberry.argument(description="When it is to end.")]
Quantity = Annotated[int, strawberry.argument(description="How many units, 1 to 10,000.")]
From = Annotated[
    datetime | None,
    strawberry.argument(name="from", description="Leave out what happened before it, in business time."),
]
To = Annotated[datetime | None, strawberry.argument(name="to", description="Leave out what happened at it or later.")]

PREVIEW: Final = {WORK: MUTATION_COST}  # it locks and works out all that the mutation would, and then forgets it
SIMULATION: Final = {WORK: 50}  # a dozen invoices and their taxes; a query that asks for twenty runs is too much
MINTED: Final = "Minted before the call, the same on a retry."
OPERATION: Final = "The operation that was performed; null where it was refused."
ERRORS: Final = "Why it was refused; empty where it was done."
