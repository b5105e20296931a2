-- pre
-- What 0032 added to payments, checked against the rows that were there while everybody works.

ALTER TABLE payment VALIDATE CONSTRAINT payment_kind_known;
ALTER TABLE payment VALIDATE CONSTRAINT payment_capture_mode_known;
ALTER TABLE payment VALIDATE CONSTRAINT payment_held_sum;
ALTER TABLE payment VALIDATE CONSTRAINT payment_held_bounds;
ALTER TABLE payment VALIDATE CONSTRAINT payment_capturable_state;
ALTER TABLE payment VALIDATE CONSTRAINT payment_authorized_state;
ALTER TABLE payment VALIDATE CONSTRAINT payment_asked_known;
ALTER TABLE payment VALIDATE CONSTRAINT payment_returned_whole;
ALTER TABLE payment VALIDATE CONSTRAINT payment_taken_state;
