-- pre
-- A dead event names the error it died of, and may come in again.

ALTER TABLE inbox_event ADD COLUMN error_id text;

GRANT UPDATE (error_id) ON inbox_event TO quittance_app;

INSERT INTO move (machine, from_state, event, to_state) VALUES
    ('inbox', 'dead', 'replay', 'received');
