-- pre
-- A credit note ends the case of an invoice that was paid but for what it lowers. Where that payment is taken back, the
-- invoice is owed again, and so collected again.

INSERT INTO move (machine, from_state, event, to_state) VALUES ('dunning', 'stopped', 'reopen', 'retrying');
