-- pre
-- Which request an event, a payment and a refund come from, so that what follows from one can be found by one id, from
-- the API's log to the worker's and the provider's. Older code leaves it out, which reads as "not known".

ALTER TABLE outbox_event ADD COLUMN request_id text;
ALTER TABLE payment ADD COLUMN request_id text;
ALTER TABLE refund ADD COLUMN request_id text;
-- Approving one puts the approving request in the place of the asking one: the money moves on its account.
GRANT UPDATE (request_id) ON refund TO quittance_app;
