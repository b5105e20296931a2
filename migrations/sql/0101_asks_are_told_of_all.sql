-- pre
-- What 0100 added, checked against the rows that were there while everybody works.

ALTER TABLE payment VALIDATE CONSTRAINT payment_asked_told;
ALTER TABLE dispute VALIDATE CONSTRAINT dispute_asked_told;
