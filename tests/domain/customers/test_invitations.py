"""Invitations beside the removal of who made them: accepted or taken back, whatever comes twice, at once or dies."""

import asyncio
from datetime import datetime

import pytest

from domain.customers.change_member import RemoveMember, remove_member
from domain.customers.invitation import Invitation, find_invitation, open_invitations
from domain.customers.invite_member import (
    AcceptInvitation,
    InviteMember,
    MemberJoined,
    accept_invitation,
    invite_member,
)
from domain.customers.member import members
from domain.ids import CustomerUserId
from domain.member_role import MemberRole
from domain.perform import perform
from domain.refusals import RefusalCode, Refused
from tests.interruptions import Killed, killed_at
from tests.member_stage import joined
from tests.world import Someone, World, fresh

POINTS = ("perform.key_stored", "perform.done", "perform.recorded", "perform.committed")


async def inviting(world: World, count: int) -> tuple[Someone, Someone, list[Invitation]]:
    """An owner, an admin of its account, and invitations that the admin has made."""
    ada = await world.customer()
    mallory, made = await joined(world, ada, MemberRole.ADMIN), []
    for _ in range(count):
        command = InviteMember(MemberRole.VIEWER, email=f"{fresh('m')}@example.test")
        found = await find_invitation(
            world.house.db.primary, (await world.do(mallory, invite_member, command)).outcome.invitation
        )
        assert found is not None
        made.append(found)
    return ada, mallory, made


async def accept(world: World, of: Invitation, subject: str, key: str) -> MemberJoined:
    """Somebody of that login accepts it."""
    command = AcceptInvitation(of.id, "test-issuer", subject)
    return (await perform(world.house.db, accept_invitation, of.guest("request"), of.customer, command, key)).outcome


async def remove(world: World, by: Someone, who: Someone, key: str) -> None:
    """A member is let go."""
    command = RemoveMember(CustomerUserId.parse(who.actor.subject))
    await perform(world.house.db, remove_member, by.actor, by.id, command, key)


async def ends(world: World, of: Invitation) -> tuple[datetime | None, datetime | None]:
    """When it was accepted and when it was taken back, as the customer's export of everything tells it."""
    row = await world.house.db.primary.fetchrow(
        "SELECT accepted_at, withdrawn_at FROM member_invitation WHERE shard_key = $1 AND id = $2",
        of.id.shard,
        of.id.uuid,
    )
    assert row is not None
    return row["accepted_at"], row["withdrawn_at"]


async def test_what_is_accepted_while_its_maker_is_removed_is_either_accepted_or_taken_back(world: World) -> None:
    ada, mallory, made = await inviting(world, 7)
    early = await accept(world, made[0], fresh("early"), fresh("accept"))
    calls = [accept(world, each, fresh("late"), fresh("accept")) for each in made[1:]]
    removal = remove(world, ada, mallory, fresh("remove"))
    answers = await asyncio.gather(*calls[:3], removal, *calls[3:], return_exceptions=True)
    assert answers.pop(3) is None
    for invitation, answer in zip(made, [early, *answers], strict=True):
        accepted, withdrawn = await ends(world, invitation)
        if isinstance(answer, MemberJoined):
            assert (accepted is not None, withdrawn) == (True, None)
        else:
            assert isinstance(answer, Refused)
            assert (answer.code, accepted, withdrawn is not None) == (RefusalCode.LINK_OVER, None, True)
    living = {each.id for each in await members(world.house.db.primary, ada.id)} - {
        CustomerUserId.parse(ada.actor.subject)
    }
    assert living == {answer.user for answer in (early, *answers) if isinstance(answer, MemberJoined)}


@pytest.mark.parametrize("point", POINTS)
async def test_a_process_that_dies_while_it_removes_a_member_takes_its_invitations_back_with_it(
    world: World, point: str
) -> None:
    ada, mallory, (made,) = await inviting(world, 1)
    db, key = world.house.db.primary, fresh("remove")
    async with killed_at(point):
        with pytest.raises(Killed):
            await remove(world, ada, mallory, key)
    stands = (len(await members(db, ada.id)), len(await open_invitations(db, ada.id)))
    assert stands == ((1, 0) if point == "perform.committed" else (2, 1))
    for _ in range(2):
        await remove(world, ada, mallory, key)
    with pytest.raises(Refused) as refused:
        await remove(world, ada, mallory, fresh("remove"))
    assert refused.value.code is RefusalCode.NOT_FOUND
    with pytest.raises(Refused) as refused:
        await accept(world, made, fresh("late"), fresh("accept"))
    assert refused.value.code is RefusalCode.LINK_OVER
    assert (len(await members(db, ada.id)), await open_invitations(db, ada.id)) == (1, [])


@pytest.mark.parametrize("point", POINTS)
async def test_a_process_that_dies_while_it_accepts_lets_one_in_who_stays_when_the_maker_is_removed(
    world: World, point: str
) -> None:
    ada, mallory, (made,) = await inviting(world, 1)
    key, subject = fresh("accept"), fresh("bea")
    async with killed_at(point):
        with pytest.raises(Killed):
            await accept(world, made, subject, key)
    joined_as = await accept(world, made, subject, key)
    assert await accept(world, made, subject, key) == joined_as
    with pytest.raises(Refused) as refused:
        await accept(world, made, subject, fresh("accept"))
    assert refused.value.code is RefusalCode.LINK_OVER
    await remove(world, ada, mallory, fresh("remove"))
    assert joined_as.user in {each.id for each in await members(world.house.db.primary, ada.id)}
    assert (await ends(world, made))[1] is None
