"""What is personal in which column, and what becomes of it when a customer is erased: every column has a class.

A column of numbers, ids, instants or booleans holds nobody's words, and a reference table (class R) tells of the tenant
alone. Each other column stands here: text, bytes, JSON, days. A rule of the house fails for one that does not.
"""

from enum import StrEnum
from typing import Final


class Fate(StrEnum):
    """What becomes of a personal column when its customer is erased."""

    GONE = "its row is deleted"
    BLANK = "it is emptied, its row stays"
    PSEUDONYM = "it is replaced by a name that is made of the customer's id"
    SEALED = "it stays sealed under the customer's key until legal retention ends"
    KEY = "the key itself: it is destroyed when legal retention ends"
    AFTER = "its row is deleted right after the erasure, by a step outside its transaction"


class Plain(StrEnum):
    """Why a column is not personal."""

    WORD = "one of a closed list of words, codes, countries, currencies, numbers of documents"
    NAME = "an id, a hash, or a name that says nothing: ours, the provider's, or a caller's key"
    IDS = "ids, amounts and closed words, as JSON"
    STAFF = "which member of staff, as the audit trail names people"
    REASON = "staff's own words about why; the schema tells them to name nobody; they are part of the trail"
    BOOKS = "what was bought and under which order or transfer; part of the archive that books are proven with"


_PERSONAL: Final[dict[Fate, str]] = {
    Fate.GONE: """billing_contact: email name topics; billing_person: address country email invoice_email name region;
        customer_directory: reference_key; data_export_file: sealed;
        tax_exemption: category certificate country region; tax_identity: country kind status value;
        web_session: person sealed secret_hash sign_in_key surface""",
    Fate.BLANK: """customer_user: email; evidence_file: content; member_invitation: email;
        payment: action_url; payment_method: brand last4;
        refund_payout: sealed""",
    Fate.PSEUDONYM: "customer: reference",
    Fate.SEALED: "credit_note: snapshot_sealed; invoice: snapshot_sealed; payment_method: label_sealed",
    Fate.KEY: "sealing_key: wrapped",
    Fate.AFTER: "login_directory: login_key; webhook_body: body headers",
}

_PLAIN: Final[dict[Plain, str]] = {
    Plain.WORD: """bulk_item: currency refusal result; bulk_run: action machine state;
        account_balance: currency kind; accounting_period: starts_on;
        api_request: kind outcome surface; billing_terms: collection;
        contract: currency machine state; credit_note: currency kind machine number_text series state;
        credit_note_line: currency; credit_note_line_tax: currency name treatment;
        credit_note_tax: currency name treatment; customer: currency locale time_zone;
        customer_debt_policy: currencies scope; customer_head: kind; data_export: machine state;
        customer_user: role; dead_letter: cause kind source;
        dispute: asked currency machine on_lost on_open reason refused_code state;
        dispute_evidence: kind media_type; due_work: follows kind;
        dunning_case: ended_by grace_source kept_features machine state; entitlement_exception: feature_code kind;
        erasure: machine state; evidence_file: media_type;
        exception_case: cause currency kind machine resolution state told_currency; family_claim: family;
        inbox_event: cause kind last_event machine previous_state state; installment_plan: currency machine state;
        invoice: collection currency machine number_text reason series state; invoice_draft: currency reason;
        invoice_draft_line: category currency kind; invoice_line: category currency kind;
        invoice_line_discount: currency name; invoice_line_tax: currency name treatment;
        invoice_tax: currency name treatment; issued_document: locale; member_invitation: role;
        ledger_account: currency kind;
        ledger_transaction: cause period_starts_on; ledger_transfer: credit_kind currency debit_kind;
        notice: kind machine reason state; number_series: prefix series; operation_key: operation;
        outbox_event: kind; payment: asked asked_code capture_mode currency failure_code kind machine means state;
        payment_method: kind; portal_link: purpose; receipt: number_text series;
        refund: currency failure_code machine means state; refund_payout: means;
        refund_request: decision needed_for needs; refusal_log: code operation;
        retention_answer: offered reason taken;
        saga: cause currency kind machine state step; security_event: kind surface; staff_refunds: currency day;
        subscription: cadence_unit currency family machine next_family pause_access pause_cause pending_family state
        time_zone; subscription_pause: access cause machine state;
        subscription_terms: cadence_unit cause currency family;
        tax_correction: currency; tax_correction_item: refusal result; tax_correction_run: country;
        tax_place: country region tax_id_country; transition: event from_state machine to_state; trial_taken: family;
        webhook_delivery: kind last_cause state""",
    Plain.NAME: """api_request: caller document operation request_id; audit_entry: body_hash hash previous_hash;
        customer_head: audit_hash; data_export: sha256; dead_letter: error_id;
        dispute: provider_account provider_ref; dispute_look: after_ref provider_account;
        event_look: after_ref provider_account;
        dispute_evidence: sha256; document_use: owner text_hash;
        ended_sign_in: sign_in_key; evidence_file: sha256;
        inbox_event: body_sha256 error_id event_id event_key object_ref provider_account;
        provider_reference: kind provider_account provider_ref; issued_document: sha256;
        offline_reference: reference_key; operation_key: actor_scope command_hash key;
        outbox_event: request_id;
        payment: provider_account provider_key provider_ref request_id; payment_method: provider_account provider_ref;
        portal_link: token_hash; refund: provider_key provider_ref request_id; refusal_log: actor_scope request_id;
        security_event: about person request_id; webhook_body: event_key""",
    Plain.IDS: """audit_body: body; bulk_run: settings; credit_note_line: derivation working; dead_letter: body;
        invoice_draft_line: derivation; invoice_line: derivation; operation_key: outcome; outbox_event: body;
        tax_decision: decision question; webhook_delivery: body""",
    Plain.STAFF: """bulk_run: started_by; data_export: asked_by; erasure: asked_by decided_by;
        exception_case: claimed_by resolved_by; legal_hold: lifted_by set_by;
        refund_payout: settled_by; refund_request: asked_by decided_by; staff_refunds: asked_by""",
    Plain.REASON: """bulk_run: reason; credit_note: reason; entitlement_exception: reason; erasure: decided_why reason;
        exception_case: reference resolved_why; legal_hold: lifted_why reason; refund: reason;
        refund_request: decided_why; security_event: cause; tax_correction: reason; tax_correction_item: reason;
        tax_correction_run: reason""",
    Plain.BOOKS: """billing_terms: purchase_order; contract: purchase_order; credit_note_line: description;
        invoice: purchase_order; invoice_draft: purchase_order; invoice_draft_line: description;
        invoice_line: description; payment: reference""",
}


def _columns(text: str) -> list[str]:
    """``table.column`` of each, in the order that stands there."""
    found = []
    for part in text.split(";"):
        table, _, columns = part.strip().partition(": ")
        found += [f"{table}.{column}" for column in columns.split()]
    return found


PERSONAL: Final[dict[str, Fate]] = {name: fate for fate, text in _PERSONAL.items() for name in _columns(text)}
PLAIN: Final[dict[str, Plain]] = {name: why for why, text in _PLAIN.items() for name in _columns(text)}
WORDS: Final = ("text", "text[]", "bytea", "jsonb", "date")  # the types of columns that can say who somebody is
