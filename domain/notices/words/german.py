"""The notices in German."""

from types import MappingProxyType
from typing import Final

from domain.notices.kind import Kind
from domain.notices.words.wording import Wording, Words
from domain.portal_link import LinkPurpose

_AGAIN: Final = "Am {retry_day} versuchen wir erneut, Ihr Zahlungsmittel zu belasten."
_ENDS: Final = "Ohne Zahlung endet der Zugang am {day}."

GERMAN: Final = Words(
    greeting="Guten Tag {name},",
    portal="Zum Portal",
    automatic="{seller} hat diese Nachricht automatisch gesendet.",
    actions=MappingProxyType(
        {
            LinkPurpose.PAY_INVOICE: "Rechnung jetzt bezahlen",
            LinkPurpose.UPDATE_CARD: "Andere Karte verwenden",
            LinkPurpose.CHANGE_PLAN: "Tarif wechseln",
            LinkPurpose.CANCEL: "Kündigen",
        }
    ),
    letters=MappingProxyType(
        {
            Kind.INVOICE_ISSUED: Wording(
                subject="Rechnung {number} von {seller}",
                said=("Wir haben die Rechnung {number} über {amount} gestellt. Sie ist am {day} fällig.",),
            ),
            Kind.RECEIPT: Wording(
                subject="Quittung {receipt} zur Rechnung {number}",
                said=("Vielen Dank: Wir haben {amount} für die Rechnung {number} erhalten.",
                      "Ihre Quittung ist {receipt}."),
            ),
            Kind.PAYMENT_SHORT: Wording(
                subject="Die Rechnung {number} ist erst zum Teil bezahlt",
                said=("Wir haben {paid} für die Rechnung {number} erhalten. Noch offen: {amount}.",),
            ),
            Kind.PAYMENT_ACTION: Wording(
                subject="Bitte bestätigen Sie die Zahlung der Rechnung {number}",
                said=("Ihre Bank bittet Sie, die Zahlung von {amount} für die Rechnung {number} zu bestätigen.",
                      "Bitte melden Sie sich dazu im Portal an und öffnen Sie die Rechnung."),
            ),
            Kind.PAYMENT_FAILED: Wording(
                subject="Ihre Zahlung für die Rechnung {number} fehlt",
                said=("Ihre Zahlung von {amount} für die Rechnung {number} ist nicht eingegangen.",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.REMINDER: Wording(
                subject="Erinnerung: Die Rechnung {number} ist nicht bezahlt",
                said=("Ihre Zahlung von {amount} für die Rechnung {number} ist noch nicht eingegangen.",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.RESTRICTED: Wording(
                subject="Ihr Zugang ist eingeschränkt: Die Rechnung {number} ist nicht bezahlt",
                said=("Ihre Zahlung von {amount} für die Rechnung {number} ist noch nicht eingegangen.",
                      "Bis sie bezahlt ist, können Sie nur einen Teil Ihres Tarifs nutzen."),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.SUSPENDED: Wording(
                subject="Ihr Zugang ist gesperrt: Die Rechnung {number} ist nicht bezahlt",
                said=("Ihre Zahlung von {amount} für die Rechnung {number} ist nicht eingegangen; "
                      "Ihr Zugang ist deshalb gesperrt.",
                      "Sobald die Rechnung bezahlt ist, ist er wieder offen."),
                more="Ohne Zahlung endet Ihr Vertrag am {day}.",
            ),
            Kind.GIVEN_UP: Wording(
                subject="Die Rechnung {number} wurde nicht bezahlt",
                said=("Die Rechnung {number} wurde nicht bezahlt: {amount} blieben offen.",),
                more="Ihr Vertrag ist beendet.",
            ),
            Kind.RECOVERED: Wording(
                subject="Vielen Dank: Die Rechnung {number} ist bezahlt",
                said=("Ihre Zahlung für die Rechnung {number} ist eingegangen.",),
                more="Sie können wieder alles nutzen.",
            ),
            Kind.REFUND_SETTLED: Wording(
                subject="Ihre Erstattung von {amount}",
                said=("Wir haben {amount} Ihrer Zahlung für die Rechnung {number} erstattet.",),
                more="Bis Ihre Bank es anzeigt, können einige Tage vergehen.",
            ),
            Kind.REFUND_FAILED: Wording(
                subject="Ihre Erstattung von {amount} ist fehlgeschlagen",
                said=("Wir konnten {amount} Ihrer Zahlung für die Rechnung {number} nicht erstatten: "
                      "Ihre Bank hat es nicht angenommen.",
                      "Bitte wenden Sie sich an uns."),
            ),
            Kind.TRIAL_ENDING: Wording(
                subject="Ihre Probezeit für {plan} endet am {day}",
                said=("Ihre Probezeit für {plan} endet am {day}.", "Das Portal zeigt, was dann geschieht."),
            ),
            Kind.METHOD_EXPIRING: Wording(
                subject="Ihre Karte mit der Endung {last4} läuft am {day} ab",
                said=(
                    "Ihre Karte ({brand}) mit der Endung {last4} läuft am {day} ab.",
                    "Bitte hinterlegen Sie vorher eine andere, damit nichts unterbrochen wird.",
                ),
            ),
            Kind.MEMBER_INVITED: Wording(
                subject="Einladung zum Konto von {account} bei {seller}",
                said=(
                    "Sie sind zum Konto von {account} bei {seller} eingeladen.",
                    "Öffnen Sie bis {day} den folgenden Link und melden Sie sich an.",
                    "Er gilt einmal, für jeden, der ihn hat.",
                ),
            ),
        }
    ),
)  # fmt: skip
