"""Members of a customer's account, what each may do there, and who is invited."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import CustomerArgument
from api.graph.billing_profile import AccountBilling
from api.graph.context import Info
from api.graph.customer import find_customer
from api.scalars import GlobalId
from domain.customers import invitation as invitations
from domain.customers import member as domain
from domain.ids import CustomerId, CustomerUserId
from domain.member_role import RIGHTS, Right
from domain.member_role import MemberRole as Role

_value = strawberry.enum_value


@strawberry.enum(description="What a member is in the account.")
class MemberRole(Enum):
    """The domain's MemberRole."""

    OWNER = _value("owner", description="May do everything. An account always has one.")
    ADMIN = _value("admin", description="May do everything but make and change owners and have the account erased.")
    BILLING = _value("billing", description="Pays, keeps payment methods, and changes what is billed under.")
    VIEWER = _value("viewer", description="Reads everything and changes nothing.")


@strawberry.type(description="What a role lets a member do; everybody reads. What it lacks is refused with FORBIDDEN.")
class MemberRights:
    """Rights, as buttons of a page are shown by them."""

    manage_plans: bool = strawberry.field(description="Buy, change, pause and cancel; redeem coupons.")
    pay: bool = strawberry.field(description="Pay invoices, and keep payment methods.")
    change_billing_data: bool = strawberry.field(description="Change names, addresses and tax ids that are billed.")
    manage_members: bool = strawberry.field(description="Invite, change and remove members.")
    manage_owners: bool = strawberry.field(description="The same with owners; and ask for the account to be erased.")

    @classmethod
    def of(cls, role: Role) -> "MemberRights":
        """Those of the role."""
        given = RIGHTS[role]
        return cls(
            manage_plans=Right.PLANS in given, pay=Right.PAY in given, change_billing_data=Right.BILLING_DATA in given,
            manage_members=Right.MEMBERS in given, manage_owners=Right.OWNERS in given,
        )  # fmt: skip


@strawberry.type(description="A user of the customer.")
class Member:
    """A member."""

    source: strawberry.Private[domain.Member]
    id: GlobalId = strawberry.field(description="What changeMemberRole and removeMember take.")
    role: MemberRole = strawberry.field(description="What it is in the account.")
    email: str | None = strawberry.field(
        description="Where it was invited; null for who came with the customer. Its sign-in may say another."
    )
    since: datetime = strawberry.field(description="Since when it is a member.")

    @classmethod
    def of(cls, found: domain.Member) -> "Member":
        """The domain's member."""
        role = MemberRole(found.role.value)
        return cls(source=found, id=GlobalId(str(found.id)), role=role, email=found.email, since=found.since)

    @strawberry.field(description="What its role lets it do.")
    def rights(self) -> MemberRights:
        """The rights."""
        return MemberRights.of(self.source.role)


@strawberry.type(description="An invitation that nobody accepted yet; its link is in the e-mail alone.")
class Invitation:
    """An open invitation."""

    id: GlobalId = strawberry.field(description="What withdrawInvitation takes.")
    email: str = strawberry.field(description="Where it was sent.")
    role: MemberRole = strawberry.field(description="What the member will be.")
    expires_at: datetime = strawberry.field(description="Until when it can be accepted; invite again after that.")

    @classmethod
    def of(cls, found: invitations.Invitation) -> "Invitation":
        """The domain's invitation."""
        role = MemberRole(found.role.value)
        return cls(id=GlobalId(str(found.id)), email=found.email, role=role, expires_at=found.expires_at)


@strawberry.type(description="Who has to do with a customer's account, and how it wants to be billed.")
class CustomerAccount(AccountBilling):
    """The people of one customer, and its wishes."""

    @strawberry.field(description="Its members, the longest there first; at most 100.")
    async def members(self, info: Info) -> list[Member]:
        """The users."""
        return [Member.of(each) for each in await domain.members(info.context.db.primary, self.customer)]

    @strawberry.field(description="Invitations that nobody accepted, expired ones too, the oldest first; at most 100.")
    async def invitations(self, info: Info) -> list[Invitation]:
        """The open ones."""
        found = await invitations.open_invitations(info.context.db.primary, self.customer)
        return [Invitation.of(each) for each in found]


async def own_membership(info: Info) -> Member | None:
    """The user who asks; None for a member of staff in the customer's place."""
    actor = info.context.actor
    if actor.member is None:
        return None
    found = await domain.member(
        info.context.db.primary, info.context.customer, CustomerUserId.parse(actor.subject)
    )  # fmt: skip
    return Member.of(found)


@strawberry.type(description="Part of the desk.")
class StaffMembers:
    """What staff see of accounts."""

    @strawberry.field(
        description="Who has to do with a customer's account; null and NOT_FOUND where there is no such customer."
    )
    async def customer_account(self, info: Info, customer_id: CustomerArgument) -> CustomerAccount | None:
        """Of the tenant's customer."""
        of = CustomerId.parse(customer_id)
        await find_customer(info, of)
        return CustomerAccount(customer=of)
