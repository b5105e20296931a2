"""The notices in French."""

from types import MappingProxyType
from typing import Final

from domain.notices.kind import Kind
from domain.notices.words.wording import Wording, Words
from domain.portal_link import LinkPurpose

_AGAIN: Final = "Nous tenterons de nouveau de débiter votre moyen de paiement le {retry_day}."
_ENDS: Final = "Sans paiement, votre accès prendra fin le {day}."

FRENCH: Final = Words(
    greeting="Bonjour {name},",
    portal="Ouvrir le portail",
    automatic="{seller} a envoyé ce message automatiquement.",
    actions=MappingProxyType(
        {
            LinkPurpose.PAY_INVOICE: "Payer la facture maintenant",
            LinkPurpose.UPDATE_CARD: "Utiliser une autre carte",
            LinkPurpose.CHANGE_PLAN: "Changer d’offre",
            LinkPurpose.CANCEL: "Résilier",
        }
    ),
    letters=MappingProxyType(
        {
            Kind.INVOICE_ISSUED: Wording(
                subject="Facture {number} de {seller}",
                said=("Nous avons émis la facture {number} d’un montant de {amount}. Elle est à régler le {day}.",),
            ),
            Kind.RECEIPT: Wording(
                subject="Reçu {receipt} pour la facture {number}",
                said=("Merci : nous avons reçu {amount} pour la facture {number}.",
                      "Votre reçu porte le numéro {receipt}."),
            ),
            Kind.PAYMENT_SHORT: Wording(
                subject="La facture {number} n’est réglée qu’en partie",
                said=("Nous avons reçu {paid} pour la facture {number}. Il reste {amount} à régler.",),
            ),
            Kind.PAYMENT_ACTION: Wording(
                subject="Veuillez confirmer le paiement de la facture {number}",
                said=("Votre banque vous demande de confirmer le paiement de {amount} pour la facture {number}.",
                      "Pour cela, connectez-vous au portail et ouvrez la facture."),
            ),
            Kind.PAYMENT_FAILED: Wording(
                subject="Nous n’avons pas reçu votre paiement de la facture {number}",
                said=("Nous n’avons pas reçu votre paiement de {amount} pour la facture {number}.",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.REMINDER: Wording(
                subject="Rappel : la facture {number} n’est pas réglée",
                said=("Nous n’avons toujours pas reçu votre paiement de {amount} pour la facture {number}.",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.RESTRICTED: Wording(
                subject="Votre accès est restreint : la facture {number} n’est pas réglée",
                said=("Nous n’avons toujours pas reçu votre paiement de {amount} pour la facture {number}.",
                      "Jusqu’à son règlement, vous ne pouvez utiliser qu’une partie de votre offre."),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.SUSPENDED: Wording(
                subject="Votre accès est suspendu : la facture {number} n’est pas réglée",
                said=("Nous n’avons pas reçu votre paiement de {amount} pour la facture {number} ; "
                      "votre accès est donc suspendu.",
                      "Il sera rétabli dès que la facture sera réglée."),
                more="Sans paiement, votre abonnement prendra fin le {day}.",
            ),
            Kind.GIVEN_UP: Wording(
                subject="La facture {number} n’a pas été réglée",
                said=("La facture {number} n’a pas été réglée : {amount} sont restés impayés.",),
                more="Votre abonnement a pris fin.",
            ),
            Kind.RECOVERED: Wording(
                subject="Merci : la facture {number} est réglée",
                said=("Nous avons reçu votre paiement de la facture {number}.",),
                more="Vous pouvez de nouveau tout utiliser.",
            ),
            Kind.REFUND_SETTLED: Wording(
                subject="Votre remboursement de {amount}",
                said=("Nous avons remboursé {amount} de votre paiement de la facture {number}.",),
                more="Quelques jours peuvent passer avant que votre banque ne l’affiche.",
            ),
            Kind.REFUND_FAILED: Wording(
                subject="Votre remboursement de {amount} a échoué",
                said=("Nous n’avons pas pu rembourser {amount} de votre paiement de la facture {number} : "
                      "votre banque ne l’a pas accepté.",
                      "Veuillez nous contacter."),
            ),
            Kind.TRIAL_ENDING: Wording(
                subject="Votre essai de {plan} se termine le {day}",
                said=("Votre essai de {plan} se termine le {day}.", "Le portail indique ce qui se passera ensuite."),
            ),
            Kind.METHOD_EXPIRING: Wording(
                subject="Votre carte se terminant par {last4} expire le {day}",
                said=(
                    "Votre carte {brand} se terminant par {last4} expire le {day}.",
                    "Merci d’en indiquer une autre avant cette date, pour éviter toute interruption.",
                ),
            ),
            Kind.MEMBER_INVITED: Wording(
                subject="Invitation au compte de {account} chez {seller}",
                said=(
                    "Vous êtes invité à rejoindre le compte de {account} chez {seller}.",
                    "Ouvrez le lien ci-dessous avant le {day} et connectez-vous.",
                    "Il sert une seule fois, à quiconque le possède.",
                ),
            ),
        }
    ),
)  # fmt: skip
