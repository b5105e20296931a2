"""What staff see of notices: a customer's, those that nobody got, and the rules."""

import strawberry

from api.connection import HistoryConnection
from api.graph.arguments import After, AtLeast, CustomerArgument, First
from api.graph.context import Info
from api.graph.customer import find_customer
from api.graph.notice_policy import NoticePolicy, all_policies
from api.graph.notices import StaffNotice
from api.graph.pages import notice_page
from api.graph.staff_refunds import StaffRefunds
from domain.fanout.unsent_notices import unsent_notices
from domain.ids import CustomerId

MAX_UNSENT = 100  # whoever sees more has a mail server to look after first


@strawberry.type(description="What staff see of notices.")
class StaffNotices(StaffRefunds):
    """Fields of the root of staff."""

    @strawberry.field(description="What a customer was told by e-mail, newest first; null where the replica is away.")
    async def notices(
        self, info: Info, customer_id: CustomerArgument, first: First, after: After = None, at_least: AtLeast = None
    ) -> HistoryConnection[StaffNotice] | None:
        """A page of history."""
        found = await find_customer(info, CustomerId.parse(customer_id))
        return await notice_page(info, found.source.id, first, after, at_least, StaffNotice.of)

    @strawberry.field(
        description="Notices that the mail server refused or that were parked, and that nobody had sent again since:"
        " oldest first, at most 100."
    )
    async def unsent_notices(self, info: Info) -> list[StaffNotice]:
        """The notices that somebody should look at."""
        db, tenant = info.context.db.primary, info.context.tenant
        return [StaffNotice.of(each) for each in await unsent_notices(db, tenant, MAX_UNSENT)]

    @strawberry.field(description="What each legal entity tells its customers by e-mail, by its code.")
    async def notice_policies(self, info: Info) -> list[NoticePolicy]:
        """The rules that hold."""
        return await all_policies(info)
