"""The parts that documents share, as the JSON that templates read: parties, lines, taxes and sums."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from domain.invoices.document_facts import DocumentLine, LineTax, Party, PaymentMethod, TaxSum
from domain.invoices.typesetting import Print
from domain.money import Money, total
from domain.tax.decision import Treatment
from domain.tax.place import Place

Json = dict[str, Any]


def page(out: Print, title: str, number: str, issued_on: date, seller: Party, to: tuple[str, Party]) -> Json:
    """The frame: language, paper, title, both parties."""
    return {
        "lang": out.locale.language,
        "dir": "rtl" if out.right_to_left else "ltr",
        "paper": out.paper,
        "title": title,
        "number": out.plain(number),
        "issued": {"year": issued_on.year, "month": issued_on.month, "day": issued_on.day},
        "seller": _party(out, out.texts.seller, seller),
        "buyer": _party(out, *to),
        "page": out.texts.page,
    }


def _party(out: Print, label: str, party: Party) -> Json:
    lines = [out.plain(line) for line in party.address]
    if party.tax_id:
        lines.append(f"{out.texts.tax_id} {out.plain(party.tax_id)}")
    if party.register and out.texts.register:
        lines.append(out.texts.register.format(entry=out.plain(party.register)))
    if party.email:
        lines.append(out.plain(party.email))
    return {"label": label, "name": out.plain(party.name), "lines": [line for line in lines if line]}


def body(meta: Iterable[tuple[str, str]], headline: str, totals: list[Json], notes: Iterable[str]) -> Json:
    """What stands around the lines; what has no label or no value is not said."""
    return {
        "meta": [list(pair) for pair in meta if all(pair)],
        "headline": headline,
        "totals": totals,
        "notes": [note for note in notes if note],
    }


def lines_table(out: Print, lines: tuple[DocumentLine, ...]) -> Json:
    """The lines; a column of taxes stands only where there are any.

    Where all prices hold their tax, amounts are with it, else all are without. Versions that had no words for that said
    discounts with the tax where a price held it, whatever the amount beside them was.
    """
    words, taxed = out.texts, any(line.taxes for line in lines)
    included = taxed and all(line.tax_included for line in lines)
    net = bool(words.amount_without_tax) and not included
    return {
        "columns": [words.description, words.quantity, words.unit_price, *([words.tax] if taxed else []),
                    _amounts(out, lines, included)],
        "rows": [_row(out, line, taxed, included, net) for line in lines],
    }  # fmt: skip


def _amounts(out: Print, lines: tuple[DocumentLine, ...], included: bool) -> str:
    """What the column of amounts is called."""
    words = out.texts
    if not words.amount_without_tax:
        return words.amount_with_tax if included else words.amount
    if included and any(tax.amount.minor for line in lines for tax in line.taxes):
        return words.amount_with_tax
    return words.amount_without_tax if any(line.tax_included for line in lines) and not included else words.amount


def _row(out: Print, line: DocumentLine, taxed: bool, included: bool, net: bool) -> Json:
    text, same = out.plain(line.text), included or not line.tax_included or (net and line.net == line.amount)
    return {
        "text": out.texts.unused.format(text=text) if line.unused else text,
        "detail": out.days(line.days) if line.days else "",
        "details": _discounts(out, line, net),
        "cells": [
            "" if line.quantity is None else out.number(line.quantity),
            out.money(line.unit_price) if line.unit_price is not None and same else "",
            *([_rates(out, line.taxes)] if taxed else []),
            out.money(line.amount if included else line.net),
        ],
    }


def _discounts(out: Print, line: DocumentLine, net: bool) -> list[str]:
    if not line.discounts:
        return []
    words, before = out.texts, line.net_before_discount if net else line.before_discount
    named = ((each.name, line.net_of(each) if net else each.amount) for each in line.discounts)
    return [
        words.discounted.format(amount=out.money(before)),
        *(words.discount.format(name=out.plain(name), amount=out.money(-amount)) for name, amount in named),
    ]


def _rates(out: Print, taxes: tuple[LineTax, ...]) -> str:
    charged = (Treatment.STANDARD, Treatment.ZERO)
    return " + ".join(out.percent(tax.rate_ppm) for tax in taxes if tax.treatment in charged) or "–"


def sums(out: Print, lines: tuple[DocumentLine, ...], taxes: tuple[TaxSum, ...]) -> list[Json]:
    """What the lines cost before tax, and each tax on what; nothing where there is no tax to speak of."""
    if not taxes:
        return []
    subtotal = total((line.net for line in lines), taxes[0].amount.currency)
    named = [sum_row(_tax_label(out, tax), out.money(tax.amount)) for tax in taxes]
    return [sum_row(out.texts.subtotal, out.money(subtotal)), *named]


def _tax_label(out: Print, tax: TaxSum) -> str:
    words = out.texts
    name = words.tax_names.get(tax.name) or out.plain(tax.name)
    if tax.treatment in (Treatment.STANDARD, Treatment.ZERO):
        name = name if "%" in name else f"{name} {out.percent(tax.rate_ppm)}"
    else:
        name = words.untaxed.format(tax=name, treatment=words.treatments[tax.treatment])
    return words.tax_on.format(tax=name, taxable=out.money(tax.taxable))


def legal_notes(out: Print, codes: Iterable[str], buyer: Party) -> list[str]:
    """The sentences that tax law wants; a code that speaks to staff has none."""
    words = out.texts.legal
    in_union = Place(buyer.country, buyer.region).territory().in_eu
    return [words.get(f"{code}_eu", words.get(code, "")) if in_union else words.get(code, "") for code in codes]


def unless_zero(out: Print, label: str, amount: Money, detail: str = "") -> list[Json]:
    """A row for an amount that is something."""
    return [sum_row(label, out.money(amount), detail=detail)] if amount.minor else []


def sum_row(label: str, value: str, weight: str = "plain", detail: str = "") -> Json:
    """A row of the sums."""
    return {"label": label, "value": value, "weight": weight, "detail": detail}


def method(out: Print, paid_with: PaymentMethod | None) -> str:
    """What of a payment method is shown."""
    if paid_with is None:
        return ""
    return out.texts.method.format(brand=out.plain(paid_with.brand), last4=out.plain(paid_with.last4))
