-- pre
-- The keys of the file before, checked against the rows that were there while everybody works.

ALTER TABLE transition VALIDATE CONSTRAINT transition_chain_fkey;
ALTER TABLE subscription VALIDATE CONSTRAINT subscription_machine;
ALTER TABLE subscription VALIDATE CONSTRAINT subscription_history_fkey;
ALTER TABLE invoice VALIDATE CONSTRAINT invoice_machine;
ALTER TABLE invoice VALIDATE CONSTRAINT invoice_history_fkey;
ALTER TABLE payment VALIDATE CONSTRAINT payment_machine;
ALTER TABLE payment VALIDATE CONSTRAINT payment_history_fkey;
ALTER TABLE refund VALIDATE CONSTRAINT refund_machine;
ALTER TABLE refund VALIDATE CONSTRAINT refund_history_fkey;
ALTER TABLE dunning_case VALIDATE CONSTRAINT dunning_case_machine;
ALTER TABLE dunning_case VALIDATE CONSTRAINT dunning_case_history_fkey;
ALTER TABLE credit_note VALIDATE CONSTRAINT credit_note_machine;
ALTER TABLE credit_note VALIDATE CONSTRAINT credit_note_history_fkey;
ALTER TABLE contract VALIDATE CONSTRAINT contract_machine;
ALTER TABLE contract VALIDATE CONSTRAINT contract_history_fkey;
