"""Tax as the law has it: invariant 19, against a second computation that shares nothing with the first."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from domain.tax.decision import Rounding
from tests.simulation.facts import Row
from tests.simulation.history import Done, History
from tests.simulation.look import Look
from tests.simulation.tax_model import Certificate, Taxable, TaxPayer, exact_taxes


def taxes_are_as_the_law_says(look: Look) -> Iterator[str]:
    """19: each charge is taxed where the customer was, at the rate that was known and in force, free where it was."""
    history = History.of(look)
    issued = {history.began(row["id"]).id: row for row in look.facts.rows["invoice"]}
    sandbox = look.town.tenant.sandbox.uuid
    for customer, done in history.done.items():
        payer = TaxPayer(look.town.patron_of(customer).country)
        then: dict[str, tuple[Row, TaxPayer, Done]] = {}
        for each in done:
            _follow(payer, each)
            row = issued.get(each.id)
            if row is not None and row["legal_entity_id"] == sandbox:
                yield from _not_as_law(look, row, payer, each)
                was = TaxPayer(payer.country, dict(payer.ids))
                then[look.reference("invoice", row["id"])] = row, was, each
            if each.name == "invoices.correct_tax" and each.command["invoice"] in then:
                row, was, first = then[each.command["invoice"]]
                today = TaxPayer(was.country, was.ids, payer.certificates)
                yield from _not_corrected(look, history, row, today, first, each)


def _follow(payer: TaxPayer, each: Done) -> None:
    """What an operation changed about the customer."""
    asked, done = each.command, each.outcome
    match each.name:
        case "customers.change_billing_person":
            payer.country = asked["country"]
        case "customers.store_tax_identity" if done["status"] == "valid":
            payer.ids[done["identity"]] = asked["country"]
        case "customers.withdraw_tax_identity":
            payer.ids.pop(asked["identity"], None)
        case "customers.add_tax_exemption":
            until = asked["valid_until"] and datetime.fromisoformat(asked["valid_until"])
            payer.certificates[done["exemption"]] = Certificate(
                asked["country"], asked["category"], datetime.fromisoformat(asked["valid_from"]), until
            )
        case "customers.end_tax_exemption":
            payer.certificates[asked["exemption"]].valid_until = datetime.fromisoformat(asked["ends_at"])


def _not_as_law(look: Look, row: Row, payer: TaxPayer, each: Done) -> Iterator[str]:
    lines = look.facts.of("invoice_line", invoice_id=row["id"], kind="charge")
    charges = [Taxable(line["amount"], line["tax_inclusive"], line["category"]) for line in lines]
    exact = exact_taxes(charges, payer, look.town.rates, each.at, each.known)
    for line, (rate, ppm, _) in zip(lines, exact, strict=True):
        every = look.facts.of("invoice_line_tax", invoice_id=row["id"], position=line["position"])
        parts = [part for part in every if part["correction_id"] is None]
        if [(part["rate_id"], part["rate_ppm"]) for part in parts] != [(rate, ppm)]:
            yield f"{row['number_text']} is taxed {parts}, the law says {ppm} of {rate} in {payer}"
        if line["price_id"] and line["category"] != look.town.catalog.edition(line["plan_version_id"]).category:
            yield f"{row['number_text']} is of category {line['category']}"
    stands = [line["tax"] for line in lines]
    if look.town.options.rounding is Rounding.LINE:
        if stands != [round(amount) for _, _, amount in exact]:
            yield f"{row['number_text']} has taxes {stands}, exactly they are {exact}"
        return
    sums: dict[tuple[UUID | None, int], list[Fraction]] = defaultdict(list)
    billed: dict[tuple[UUID | None, int], int] = defaultdict(int)
    for (rate, ppm, amount), tax in zip(exact, stands, strict=True):
        sums[rate, ppm].append(amount)
        billed[rate, ppm] += tax
        if abs(tax - amount) >= 1:
            yield f"a line of {row['number_text']} has tax {tax}, exactly {amount}"
    for of, amounts in sums.items():
        if billed[of] != round(sum(amounts, Fraction(0))):
            yield f"{row['number_text']} has {billed[of]} at {of}, exactly {sum(amounts)}"


def _not_corrected(
    look: Look, history: History, row: Row, payer: TaxPayer, first: Done, each: Done
) -> Iterator[str]:  # fmt: skip
    """19: what is left is taxed as of then, by the rates and certificates that were known at the correction."""
    void = history.moved(row["id"], "void")
    lines = look.facts.of("invoice_line", invoice_id=row["id"], kind="charge")
    charges = [Taxable(line["amount"], line["tax_inclusive"], line["category"]) for line in lines]
    exact = exact_taxes(charges, payer, look.town.rates, first.at, each.known)
    given = [history.given_before(line, each.number + 1) for line in lines]
    left = [line["amount"] - amount for line, (amount, _) in zip(lines, given, strict=True)]
    if not any(left) or (void and void.number < each.number):
        return
    whole = all(amount == 0 for amount, _ in given)
    for line, (_, ppm, tax), (_, back), rest in zip(lines, exact, given, left, strict=True):
        stands, should = line["tax"] - back, tax * rest / line["amount"] if line["amount"] else Fraction(0)
        by_line = look.town.options.rounding is Rounding.LINE and whole
        if (by_line and stands != round(should)) or abs(stands - should) >= 1 + (not whole):
            yield f"{row['number_text']} was corrected to {stands}, at {ppm} it should be {should}"


CHECKS = (taxes_are_as_the_law_says,)
