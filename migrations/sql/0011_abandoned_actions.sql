-- pre
-- A customer who never does what the bank asks for is not waited for without end: the charge is voided.

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('payment', 'requires_action', 'void', 'voided');
