-- pre
-- What 0102 added, checked against the rows that were there while everybody works.

ALTER TABLE subscription_pause VALIDATE CONSTRAINT subscription_pause_cause_kept;
