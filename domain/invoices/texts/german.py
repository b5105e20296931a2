"""The documents in German.

A correction is no "Gutschrift", which UStG § 14 (2) keeps for invoices that the buyer writes. A reverse charge is said
in the words of Directive 2006/112/EC, art. 226 (11a).
"""

from types import MappingProxyType
from typing import Final

from domain.invoices.texts.words import Texts

GERMAN: Final = Texts(
    invoice="Rechnung",
    credit_note="Rechnungskorrektur",
    receipt="Zahlungsbeleg",
    billed_to="Rechnung an",
    seller="Von",
    invoice_number="Rechnungsnummer",
    credit_note_number="Belegnummer",
    receipt_number="Belegnummer",
    corrects="Zu Rechnung",
    corrected_on="Rechnungsdatum",
    issued="Ausgestellt",
    due="Fällig",
    paid_date="Bezahlt",
    purchase_order="Bestellnummer",
    currency="Währung",
    tax_id="USt-IdNr.",
    register="Register: {entry}",
    description="Leistung",
    quantity="Menge",
    unit_price="Einzelpreis",
    tax="Steuer",
    amount="Betrag",
    amount_with_tax="Betrag inkl. Steuer",
    amount_without_tax="Betrag ohne Steuer",
    unused="Nicht genutzte Zeit: {text}",
    discounted="{amount} vor Rabatt",
    discount="{name}: {amount}",
    subtotal="Zwischensumme",
    tax_on="{tax} auf {taxable}",
    untaxed="{tax}, {treatment}",
    total="Gesamtbetrag",
    invoice_total="Rechnungsbetrag",
    credit_total="Korrekturbetrag",
    applied_credit="Verrechnetes Guthaben",
    paid="Bezahlt",
    amount_due="Offener Betrag",
    amount_paid="Gezahlter Betrag",
    refunded="Erstattet am {date}",
    kept="Gezahlt nach Erstattungen",
    reduced="Von der Rechnung abgezogen",
    sent_back="Auf das Zahlungsmittel erstattet",
    credited="Ihrem Guthaben gutgeschrieben",
    settled_outside="Anderweitig ausgeglichen",
    due_headline="{amount} fällig am {date}",
    settled_headline="Beglichen, nichts zu zahlen",
    credit_headline="{amount} gutgeschrieben zu Rechnung {number}",
    paid_headline="{amount} bezahlt am {date}",
    method="{brand}, Endziffern {last4}",
    net_terms="Zahlbar innerhalb von {days} Tagen ab Rechnungsdatum ohne Abzug.",
    charged="Der Betrag wird automatisch von Ihrem Zahlungsmittel eingezogen.",
    reason="Grund: {text}",
    page="Seite {page} von {pages}",
    tax_names=MappingProxyType(
        {
            "VAT": "USt.",
            "Sales tax": "Umsatzsteuer",
            "Consumption tax": "Verbrauchsteuer",
        }
    ),
    treatments=MappingProxyType(
        {
            "reverse_charge": "Reverse-Charge",
            "exempt": "steuerfrei",
            "export": "nicht steuerbar",
            "unregistered": "nicht erhoben",
        }
    ),
    legal=MappingProxyType(
        {
            "reverse_charge": "Steuerschuldnerschaft des Leistungsempfängers.",
            "reverse_charge_eu": (
                "Steuerschuldnerschaft des Leistungsempfängers "
                "(Richtlinie 2006/112/EG, Art.\u00a0196 und Art.\u00a0226 Nr.\u00a011a)."
            ),
            "export": (
                "Es wird keine Steuer berechnet: Der Leistungsort liegt außerhalb des Steuergebiets des Verkäufers."
            ),
            "exempt": "Von der Steuer befreit.",
        }
    ),
)
