"""The documents in French.

A reverse charge is said in the words of Directive 2006/112/EC, art. 226 (11a).
"""

from types import MappingProxyType
from typing import Final

from domain.invoices.texts.words import Texts

FRENCH: Final = Texts(
    invoice="Facture",
    credit_note="Avoir",
    receipt="Reçu",
    billed_to="Facturé à",
    seller="De",
    invoice_number="Facture n°",
    credit_note_number="Avoir n°",
    receipt_number="Reçu n°",
    corrects="Rectifie la facture",
    corrected_on="Facture du",
    issued="Date d’émission",
    due="Échéance",
    paid_date="Payé le",
    purchase_order="Bon de commande",
    currency="Devise",
    tax_id="N° TVA",
    register="Immatriculation : {entry}",
    description="Désignation",
    quantity="Qté",
    unit_price="Prix unitaire",
    tax="Taxe",
    amount="Montant",
    amount_with_tax="Montant TTC",
    amount_without_tax="Montant HT",
    unused="Période non utilisée\u00a0: {text}",
    discounted="{amount} avant remise",
    discount="{name}\u00a0: {amount}",
    subtotal="Total hors taxes",
    tax_on="{tax} sur {taxable}",
    untaxed="{tax}, {treatment}",
    total="Total",
    invoice_total="Total de la facture",
    credit_total="Total de l’avoir",
    applied_credit="Crédit imputé",
    paid="Payé",
    amount_due="Montant dû",
    amount_paid="Montant payé",
    refunded="Remboursé le {date}",
    kept="Payé après remboursements",
    reduced="Déduit de la facture",
    sent_back="Remboursé sur le moyen de paiement",
    credited="Ajouté à votre crédit",
    settled_outside="Réglé par ailleurs",
    due_headline="{amount} à payer au plus tard le {date}",
    settled_headline="Réglée, rien à payer",
    credit_headline="{amount} crédités sur la facture {number}",
    paid_headline="{amount} payés le {date}",
    method="{brand} se terminant par {last4}",
    net_terms="Payable sous {days} jours à compter de la date de facture, sans escompte.",
    charged="Votre moyen de paiement est débité automatiquement.",
    reason="Motif\u00a0: {text}",
    page="Page {page} sur {pages}",
    tax_names=MappingProxyType(
        {
            "VAT": "TVA",
            "Sales tax": "Taxe de vente",
            "Consumption tax": "Taxe à la consommation",
        }
    ),
    treatments=MappingProxyType(
        {
            "reverse_charge": "autoliquidation",
            "exempt": "exonérée",
            "export": "hors champ",
            "unregistered": "non facturée",
        }
    ),
    legal=MappingProxyType(
        {
            "reverse_charge": "Autoliquidation\u00a0: la taxe est due par le preneur.",
            "reverse_charge_eu": (
                "Autoliquidation\u00a0: la TVA est due par le preneur "
                "(directive 2006/112/CE, articles 196 et 226, point\u00a011\u00a0bis)."
            ),
            "export": (
                "Aucune taxe n’est facturée\u00a0: "
                "le lieu de la prestation se situe hors du territoire fiscal du vendeur."
            ),
            "exempt": "Exonéré de taxe.",
        }
    ),
)
