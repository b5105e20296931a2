"""Inviting people into a customer's account, giving them roles, and letting them go: by its members, and by staff."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.members import Invitation, Member, MemberRole
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import (
    ChangeMemberRoleError,
    InviteMemberError,
    RemoveMemberError,
    WithdrawInvitationError,
    as_error,
)
from api.graph.texts import id_of, post_address
from api.graph.whose import WHOSE, customer_of
from api.scalars import GlobalId, IdempotencyKey
from domain.customers import member as members
from domain.customers.change_member import ChangeMemberRole, RemoveMember, change_member_role, remove_member
from domain.customers.invitation import find_invitation, open_invitations
from domain.customers.invite_member import InviteMember, WithdrawInvitation, invite_member, withdraw_invitation
from domain.ids import CustomerUserId, InvitationId
from domain.member_role import MemberRole as Role
from domain.refusals import Refused


@strawberry.input(description="Invites somebody by e-mail; an open invitation of that address is over by it.")
class InviteMemberInput:
    """Input of inviteMember."""

    email: str = strawberry.field(description="Where the invitation is sent. Who has it and signs in becomes a member.")
    role: MemberRole = strawberry.field(description="What the member will be; only owners and staff make owners.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The invitation, which is on its way.")
class InviteMemberPayload:
    """Payload of inviteMember."""

    invitation: Invitation | None = strawberry.field(description="The invitation; null once it was accepted.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[InviteMemberError] = strawberry.field(description=ERRORS)


async def invite(info: Info, input: InviteMemberInput) -> InviteMemberPayload:
    """For members who manage members, and for staff who name the customer."""
    try:
        owner = customer_of(info, input.customer_id)
        command = InviteMember(Role[input.role.name], email=post_address(input.email, "email"))
        done = await performed(info, invite_member, owner, command, input.idempotency_key)
    except Refused as refused:
        return InviteMemberPayload(invitation=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    found = await find_invitation(info.context.db.primary, done.outcome.invitation)
    return InviteMemberPayload(
        invitation=Invitation.of(found) if found else None, operation=operation, errors=[]
    )  # fmt: skip


@strawberry.input(description="Takes back an invitation that nobody accepted.")
class WithdrawInvitationInput:
    """Input of withdrawInvitation."""

    invitation_id: GlobalId = strawberry.field(description="The invitation.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The invitations that are left.")
class WithdrawInvitationPayload:
    """Payload of withdrawInvitation."""

    invitations: list[Invitation] | None = strawberry.field(description="Those that are still open.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[WithdrawInvitationError] = strawberry.field(description=ERRORS)


async def withdraw(info: Info, input: WithdrawInvitationInput) -> WithdrawInvitationPayload:
    """For members who manage members, and for staff who name the customer."""
    try:
        owner = customer_of(info, input.customer_id)
        command = WithdrawInvitation(id_of(InvitationId.parse, input.invitation_id, "invitationId"))
        done = await performed(info, withdraw_invitation, owner, command, input.idempotency_key)
    except Refused as refused:
        return WithdrawInvitationPayload(invitations=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    left = [Invitation.of(each) for each in await open_invitations(info.context.db.primary, owner)]
    return WithdrawInvitationPayload(invitations=left, operation=operation, errors=[])


@strawberry.input(description="Says what a member is from now on; it holds from its next request.")
class ChangeMemberRoleInput:
    """Input of changeMemberRole."""

    member_id: GlobalId = strawberry.field(description="The member.")
    role: MemberRole = strawberry.field(description="What it is from now on.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The members as they are now.")
class ChangeMemberRolePayload:
    """Payload of changeMemberRole."""

    members: list[Member] | None = strawberry.field(description="All members, with their roles of now.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[ChangeMemberRoleError] = strawberry.field(description=ERRORS)


async def change_role(info: Info, input: ChangeMemberRoleInput) -> ChangeMemberRolePayload:
    """For members who manage members, and for staff who name the customer."""
    try:
        owner = customer_of(info, input.customer_id)
        command = ChangeMemberRole(id_of(CustomerUserId.parse, input.member_id, "memberId"), Role[input.role.name])
        done = await performed(info, change_member_role, owner, command, input.idempotency_key)
    except Refused as refused:
        return ChangeMemberRolePayload(members=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    there = [Member.of(each) for each in await members.members(info.context.db.primary, owner)]
    return ChangeMemberRolePayload(members=there, operation=operation, errors=[])


@strawberry.input(description="Lets a member go: its browsers and tokens open nothing from now on.")
class RemoveMemberInput:
    """Input of removeMember."""

    member_id: GlobalId = strawberry.field(description="The member; the last owner stays.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The members who are left.")
class RemoveMemberPayload:
    """Payload of removeMember."""

    members: list[Member] | None = strawberry.field(description="Those who are left.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RemoveMemberError] = strawberry.field(description=ERRORS)


async def remove(info: Info, input: RemoveMemberInput) -> RemoveMemberPayload:
    """For members who manage members, and for staff who name the customer."""
    try:
        owner = customer_of(info, input.customer_id)
        command = RemoveMember(id_of(CustomerUserId.parse, input.member_id, "memberId"))
        done = await performed(info, remove_member, owner, command, input.idempotency_key)
    except Refused as refused:
        return RemoveMemberPayload(members=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    left = [Member.of(each) for each in await members.members(info.context.db.primary, owner)]
    return RemoveMemberPayload(members=left, operation=operation, errors=[])


@strawberry.type(description="Changes about the people of an account.")
class MemberMutations:
    """Fields of the mutation root."""

    invite_member: InviteMemberPayload = _mutation(invite, "Invites somebody into the account, by e-mail.")
    withdraw_invitation: WithdrawInvitationPayload = _mutation(withdraw, "Takes back an invitation.")
    change_member_role: ChangeMemberRolePayload = _mutation(change_role, "Gives a member another role.")
    remove_member: RemoveMemberPayload = _mutation(remove, "Removes a member, who is signed out everywhere.")
