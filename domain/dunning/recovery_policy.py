"""How a tenant gets back what is unpaid, beside its timelines: by which methods, when, how often, and in parts."""

from dataclasses import dataclass
from itertools import chain

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.dunning.retry_rule import RetryRule, RetryStep, is_hard
from domain.ids import TenantId
from domain.money import Currency, Money
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

MAX_METHODS = 10  # in one step; networks count the tries of a day, and more cards than that are somebody's trial run
MAX_TRIES = 50  # of the customer's own for one invoice; more is an attack on the card
MAX_CHOICES = 10  # of a payday; who moves it more often does not pay
MAX_PARTS = 24  # an invoice of two years, month by month
MAX_SPLIT_DAYS = 365  # what is unpaid for a year is lost
MAX_RULES = 100  # there are some fifty codes
MAX_AFTER = 30  # no policy leaves access for longer
MAX_CODE = 100  # providers' codes are a third of that
MAX_CURRENCIES = 50  # as many as a tenant prices in
LAST_DAY = 31  # of a month; in a shorter one it is that month's last


@dataclass(frozen=True, slots=True)
class RecoveryPolicy:
    """A tenant's rules.

    A retry charges the default method and, where that is declined, its backups in their order, ``methods_per_step`` in
    all. The first charge of an invoice does so with ``backups_at_first`` alone. Stripe retries the first method of its
    list and no other; Recurly charges the backup of an invoice that was declined. The default lies between: who is
    told that the first charge failed has until the first retry before another card of theirs is charged.

    ``own_tries`` is how often customers try again by themselves for a case, ``payday_choices`` how often they move the
    next retry of one. Days of the month in ``paydays`` are hints for declines for want of money. An overdue invoice is
    split in up to ``split_parts`` (fewer than 2: never) over ``split_days``, ``split_plans`` times for a case, and no
    part is below the one of ``least`` in its currency.
    """

    backups: bool = True
    backups_at_first: bool = False
    methods_per_step: int = 3
    own_tries: int = 5
    paydays: tuple[int, ...] = ()
    payday_choices: int = 1
    split_parts: int = 3
    split_days: int = 30
    split_plans: int = 1
    least: tuple[Money, ...] = ()
    rules: tuple[RetryRule, ...] = ()

    def least_part(self, currency: Currency) -> Money:
        """The smallest part of a split: by default one whole unit of the currency, above what providers refuse."""
        own = {amount.currency: amount for amount in self.least}
        return own.get(currency, Money(10**currency.exponent, currency))

    @property
    def stops(self) -> list[str]:
        """The codes after which this tenant tries a method no more, beside those that nobody may try."""
        return [rule.code for rule in self.rules if rule.step is RetryStep.STOP]


async def recovery_policy(db: Primary, tenant: TenantId) -> RecoveryPolicy:
    """The tenant's rules, or the defaults where it has set none."""
    row = await db.fetchrow(
        """SELECT backups, backups_at_first, methods_per_step, own_tries, paydays, payday_choices, split_parts,
                  split_days, split_plans, least_currencies, least_amounts, rule_codes, rule_steps, rule_days
             FROM recovery_policy WHERE tenant_id = $1""",
        tenant.uuid,
    )
    if row is None:
        return RecoveryPolicy()
    least = zip(row["least_currencies"], row["least_amounts"], strict=True)
    rules = zip(row["rule_codes"], row["rule_steps"], row["rule_days"], strict=True)
    return RecoveryPolicy(
        row["backups"], row["backups_at_first"], row["methods_per_step"], row["own_tries"], tuple(row["paydays"]),
        row["payday_choices"], row["split_parts"], row["split_days"], row["split_plans"],
        tuple(Money(minor, Currency(code)) for code, minor in least),
        tuple(RetryRule(code, RetryStep(step), days) for code, step, days in rules),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SetRecoveryPolicy:
    """The tenant's rules from now on, also for cases that are open; plans that were agreed on keep theirs."""

    policy: RecoveryPolicy


@dataclass(frozen=True, slots=True)
class RecoveryPolicySet:
    """The rules that hold now."""

    policy: RecoveryPolicy


@operation("dunning.set_recovery_policy", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_recovery_policy(tx: Tx, command: SetRecoveryPolicy) -> RecoveryPolicySet:
    """Replaces all rules; INVALID_INPUT for numbers out of bounds, a code or currency named twice, and a rule that
    would try again what may not be; INVALID_AMOUNT for a part of nothing."""
    rules = command.policy
    _check_numbers(rules)
    _check_least(rules)
    _check_rules(rules)
    await tx.execute(
        """INSERT INTO recovery_policy (tenant_id, backups, backups_at_first, methods_per_step, own_tries, paydays,
               payday_choices, split_parts, split_days, split_plans, least_currencies, least_amounts, rule_codes,
               rule_steps, rule_days)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
           ON CONFLICT (tenant_id) DO UPDATE SET backups = EXCLUDED.backups,
              backups_at_first = EXCLUDED.backups_at_first, methods_per_step = EXCLUDED.methods_per_step,
              own_tries = EXCLUDED.own_tries, paydays = EXCLUDED.paydays, payday_choices = EXCLUDED.payday_choices,
              split_parts = EXCLUDED.split_parts, split_days = EXCLUDED.split_days, split_plans = EXCLUDED.split_plans,
              least_currencies = EXCLUDED.least_currencies, least_amounts = EXCLUDED.least_amounts,
              rule_codes = EXCLUDED.rule_codes, rule_steps = EXCLUDED.rule_steps, rule_days = EXCLUDED.rule_days""",
        tx.head.tenant.uuid, rules.backups, rules.backups_at_first, rules.methods_per_step, rules.own_tries,
        list(rules.paydays), rules.payday_choices, rules.split_parts, rules.split_days, rules.split_plans,
        [str(each.currency) for each in rules.least], [each.minor for each in rules.least],
        [each.code for each in rules.rules], [each.step.value for each in rules.rules],
        [each.days for each in rules.rules],
    )  # fmt: skip
    return RecoveryPolicySet(rules)


def _check_numbers(rules: RecoveryPolicy) -> None:
    bounds = (
        ("methodsPerStep", rules.methods_per_step, 1, MAX_METHODS),
        ("ownTries", rules.own_tries, 0, MAX_TRIES),
        ("paydayChoices", rules.payday_choices, 0, MAX_CHOICES),
        ("splitParts", rules.split_parts, 0, MAX_PARTS),
        ("splitDays", rules.split_days, 1, MAX_SPLIT_DAYS),
        ("splitPlans", rules.split_plans, 0, MAX_CHOICES),
    )
    for name, value, least, most in chain(bounds, (("paydays", day, 1, LAST_DAY) for day in rules.paydays)):
        if not least <= value <= most:
            raise Refused(RefusalCode.INVALID_INPUT, f"It is {least} to {most}.", (name,))
    if len(set(rules.paydays)) < len(rules.paydays):
        raise Refused(RefusalCode.INVALID_INPUT, "Name each payday once.", ("paydays",))


def _check_least(rules: RecoveryPolicy) -> None:
    if len({each.currency for each in rules.least}) < len(rules.least) or len(rules.least) > MAX_CURRENCIES:
        message = f"Each currency is named once, and at most {MAX_CURRENCIES} are."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("leastParts",))
    if any(each.minor <= 0 for each in rules.least):
        raise Refused(RefusalCode.INVALID_AMOUNT, "A part is more than nothing.", ("leastParts",))


def _check_rules(rules: RecoveryPolicy) -> None:
    if len({rule.code for rule in rules.rules}) < len(rules.rules) or len(rules.rules) > MAX_RULES:
        message = f"Each code has one rule, and at most {MAX_RULES} have."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("rules",))
    for rule in rules.rules:
        if not 0 < len(rule.code) <= MAX_CODE or not rule.code.isprintable():
            raise Refused(RefusalCode.INVALID_INPUT, f"A code has up to {MAX_CODE} characters.", ("rules", "code"))
        if is_hard(rule.code) and rule.step is not RetryStep.STOP:
            message = f"Nobody may try again after {rule.code}."
            raise Refused(RefusalCode.INVALID_INPUT, message, ("rules", "step"))
        if not (1 <= rule.days <= MAX_AFTER if rule.step is RetryStep.AFTER else rule.days == 0):
            message = f"Days are 1 to {MAX_AFTER} for AFTER, and 0 otherwise."
            raise Refused(RefusalCode.INVALID_INPUT, message, ("rules", "days"))
