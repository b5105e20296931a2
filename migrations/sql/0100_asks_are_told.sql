-- pre
-- What was sent was asked for. The checks of 0032 and 0048 are null, and so let a row pass, where nothing is asked and
-- something was sent, and where a capture is asked of no amount.

ALTER TABLE payment ADD CONSTRAINT payment_asked_told CHECK (
    (asked IS NOT NULL
     OR (asked_total IS NULL AND asked_final IS NULL AND asked_code IS NULL AND asked_sent_at IS NULL))
    AND (asked IS DISTINCT FROM 'capture' OR asked_total IS NOT NULL)) NOT VALID;
ALTER TABLE dispute ADD CONSTRAINT dispute_asked_told CHECK (asked IS NOT NULL OR asked_sent_at IS NULL) NOT VALID;
