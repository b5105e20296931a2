"""Invoice, receipt and statement as PDF/A-3b: the same facts and locale give the same bytes, at any time.

Rendering takes processor time (tens of milliseconds for hundreds of lines): call it from a thread in async code.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from domain.invoices.document_facts import (
    DocumentLine,
    InvoiceFacts,
    Party,
    PaymentMethod,
    ReceiptFacts,
    StatementFacts,
    TaxLine,
)
from domain.invoices.typesetting import Print, printable, typeset
from domain.money import Money, total

Json = dict[str, Any]


def render_invoice(facts: InvoiceFacts, locale: str) -> bytes:
    """The invoice as PDF; UnknownLocale for a language without texts."""
    out = Print.for_locale(locale)
    words = out.texts
    headline = words.settled_headline
    if facts.due.minor > 0:
        headline = words.due_headline.format(amount=out.money(facts.due), date=out.day(facts.due_on))
    totals = [
        *_sums(out, facts.lines, facts.taxes),
        _sum_row(words.total, out.money(facts.total), "total"),
        *_unless_zero(out, words.applied_credit, -facts.applied_credit),
        *_unless_zero(out, words.paid, -facts.paid, _method(out, facts.method)),
        _sum_row(words.amount_due, out.money(facts.due), "grand"),
    ]
    meta = [
        (words.invoice_number, printable(facts.number)),
        (words.issued, out.day(facts.issued_on)),
        (words.due, out.day(facts.due_on)),
        (words.currency, facts.currency.code),
    ]
    page = _page(out, words.invoice, facts.number, facts.issued_on, facts.seller, (words.billed_to, facts.buyer))
    return typeset("invoice", page | _body(meta, headline, totals, facts.notes) | _lines(out, facts.lines))


def render_receipt(facts: ReceiptFacts, locale: str) -> bytes:
    """The receipt of one payment as PDF; UnknownLocale for a language without texts."""
    out = Print.for_locale(locale)
    words = out.texts
    headline = words.paid_headline.format(amount=out.money(facts.paid), date=out.day(facts.paid_on))
    totals = [
        *_sums(out, facts.lines, facts.taxes),
        _sum_row(words.invoice_total, out.money(facts.total), "total"),
        *_unless_zero(out, words.applied_credit, -facts.applied_credit),
        _sum_row(words.amount_paid, out.money(facts.paid), "grand", _method(out, facts.method)),
        *(
            _sum_row(words.refunded.format(date=out.short_day(refund.refunded_on)), out.money(-refund.amount))
            for refund in facts.refunds
        ),
    ]
    if facts.refunds:
        totals.append(_sum_row(words.kept, out.money(facts.paid - facts.refunded), "grand"))
    meta = [
        (words.receipt_number, printable(facts.number)),
        (words.invoice_number, printable(facts.invoice_number)),
        (words.paid_date, out.day(facts.paid_on)),
        (words.currency, facts.currency.code),
    ]
    page = _page(out, words.receipt, facts.number, facts.issued_on, facts.seller, (words.billed_to, facts.buyer))
    return typeset("receipt", page | _body(meta, headline, totals, facts.notes) | _lines(out, facts.lines))


def render_statement(facts: StatementFacts, locale: str) -> bytes:
    """The statement of an account as PDF; UnknownLocale for a language without texts."""
    out = Print.for_locale(locale)
    words = out.texts
    meta = [
        (words.statement_period, out.days(facts.days)),
        (words.issued, out.day(facts.issued_on)),
        (words.currency, facts.currency.code),
    ]
    charged = total((line.amount for line in facts.lines if line.amount.minor > 0), facts.currency)
    settled = total((line.amount for line in facts.lines if line.amount.minor < 0), facts.currency)
    totals = [
        _sum_row(words.opening, out.money(facts.opening)),
        _sum_row(words.charge, out.money(charged)),
        _sum_row(words.payment, out.money(settled)),
        _sum_row(words.closing, out.money(facts.closing), "grand"),
    ]
    headline = _balance_headline(out, facts.closing, facts.days.last)
    page = _page(out, words.statement, "", facts.issued_on, facts.seller, (words.account_of, facts.buyer))
    return typeset("statement", page | _body(meta, headline, totals, facts.notes) | _movements(out, facts))


def _page(out: Print, title: str, number: str, issued_on: date, seller: Party, to: tuple[str, Party]) -> Json:
    return {
        "lang": out.locale.language,
        "paper": out.paper,
        "title": title,
        "number": printable(number),
        "issued": {"year": issued_on.year, "month": issued_on.month, "day": issued_on.day},
        "seller": _party(out, out.texts.seller, seller),
        "buyer": _party(out, *to),
        "page": out.texts.page,
    }


def _party(out: Print, label: str, party: Party) -> Json:
    lines = [printable(line) for line in party.address]
    if party.tax_id:
        lines.append(f"{out.texts.tax_id} {printable(party.tax_id)}")
    if party.email:
        lines.append(printable(party.email))
    return {"label": label, "name": printable(party.name), "lines": [line for line in lines if line]}


def _body(meta: Iterable[tuple[str, str]], headline: str, totals: list[Json], notes: Iterable[str]) -> Json:
    return {
        "meta": [list(pair) for pair in meta],
        "headline": headline,
        "totals": totals,
        "notes": [printable(note) for note in notes],
    }


def _lines(out: Print, lines: Iterable[DocumentLine]) -> Json:
    words = out.texts
    return {
        "columns": [words.description, words.quantity, words.unit_price, words.amount],
        "rows": [
            {
                "text": printable(line.text),
                "detail": out.days(line.days) if line.days else "",
                "cells": [
                    "" if line.quantity is None else out.number(line.quantity),
                    "" if line.unit_price is None else out.money(line.unit_price),
                    out.money(line.amount),
                ],
            }
            for line in lines
        ],
    }


def _movements(out: Print, facts: StatementFacts) -> Json:
    words, balance, rows = out.texts, facts.opening, []
    for line in facts.lines:
        balance += line.amount
        amount = out.money(line.amount)
        rows.append(
            {
                "date": out.short_day(line.on),
                "text": printable(line.text),
                "detail": printable(line.reference),
                "cells": [*((amount, "") if line.amount.minor > 0 else ("", amount)), out.money(balance)],
            }
        )
    return {"columns": [words.date, words.description, words.charge, words.payment, words.balance], "rows": rows}


def _balance_headline(out: Print, closing: Money, day: date) -> str:
    words = out.texts
    headline = words.even_headline
    if closing:
        headline = words.owed_headline if closing.minor > 0 else words.in_favour_headline
    return headline.format(amount=out.money(abs(closing)), date=out.day(day))


def _sums(out: Print, lines: tuple[DocumentLine, ...], taxes: tuple[TaxLine, ...]) -> list[Json]:
    if not taxes:
        return []
    currency = taxes[0].amount.currency
    subtotal = total((line.amount for line in lines), currency)
    return [
        _sum_row(out.texts.subtotal, out.money(subtotal)),
        *(_sum_row(printable(tax.text), out.money(tax.amount)) for tax in taxes),
    ]


def _unless_zero(out: Print, label: str, amount: Money, detail: str = "") -> list[Json]:
    return [_sum_row(label, out.money(amount), detail=detail)] if amount else []


def _sum_row(label: str, value: str, weight: str = "plain", detail: str = "") -> Json:
    return {"label": label, "value": value, "weight": weight, "detail": detail}


def _method(out: Print, method: PaymentMethod | None) -> str:
    if method is None:
        return ""
    return out.texts.method.format(brand=printable(method.brand), last4=printable(method.last4))
