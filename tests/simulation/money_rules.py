"""The tenant's rules about money that a seed draws: disputes, refunds that need another person, and recovery."""

from collections.abc import Iterator
from random import Random
from typing import Any

from domain.actor import Grant
from domain.dunning.recovery_policy import RecoveryPolicy, SetRecoveryPolicy, set_recovery_policy
from domain.money import Currency, Money
from domain.operation import Operation
from domain.payments.dispute_policy import DisputePolicy, OnLost, OnOpen, SetDisputePolicy, set_dispute_policy
from domain.payments.refund_policy import RefundLimit, RefundPolicy, SetRefundPolicy, set_refund_policy

CURRENCIES = ("EUR", "USD", "JPY")


def draw_rules(seed: int) -> Iterator[tuple[Operation[Any, Any], object]]:
    """The operations that set them, with their commands."""
    chance = Random(f"money {seed}")
    yield (
        set_dispute_policy,
        SetDisputePolicy(DisputePolicy(chance.choice(tuple(OnOpen)), chance.choice(tuple(OnLost)))),
    )
    alone = chance.choice((0, 300, 5000))
    limits = [RefundLimit(Grant.SUPPORT, Money(alone, Currency(code))) for code in CURRENCIES]
    approvals = RefundPolicy(
        tuple(limits), old_after_days=chance.choice((20, 120)), expire_after_days=chance.choice((2, 14)),
        window_days=7, customer_count=chance.choice((1, 10)),
    )  # fmt: skip
    yield set_refund_policy, SetRefundPolicy(approvals)
    recovery = RecoveryPolicy(
        backups_at_first=chance.random() < 0.3,
        methods_per_step=chance.choice((1, 3)),
        paydays=chance.choice(((), (1, 15))),
        payday_choices=2,
        split_parts=4,
        split_days=60,
        split_plans=2,
        least=tuple(Money(1, Currency(code)) for code in CURRENCIES),
    )
    yield set_recovery_policy, SetRecoveryPolicy(recovery)
