"""Forgetting sign-ins that an identity provider ended so long ago that no token of theirs is left."""

from datetime import datetime

from domain.db import Autocommit, Primary
from domain.fanout.sign_ins import old_sign_ins
from domain.tenants.ended_sign_in import KEPT, forget_sign_in

BATCH = 500  # a few kilobytes in one look


async def forget_sign_ins(marks: Autocommit, db: Primary, now: datetime) -> int:
    """Deletes them; returns how many."""
    forgotten = 0
    while old := await old_sign_ins(db, now - KEPT, BATCH):
        for key in old:
            await forget_sign_in(marks, key)
        forgotten += len(old)
    return forgotten
