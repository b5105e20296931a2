-- What the other servers answer from: the shop's facts as three plain tables, since none of them knows ours.
CREATE SCHEMA peer;
CREATE TABLE peer.customer AS
    SELECT c.id, c.currency, r.balance::int AS receivable, k.balance::int AS credit
      FROM customer c
      JOIN account_balance r ON r.shard_key = c.shard_key AND r.customer_id = c.id AND r.kind = 'receivable'
      JOIN account_balance k ON k.shard_key = c.shard_key AND k.customer_id = c.id AND k.kind = 'customer_credit'
     WHERE c.shard_key = {shard};
CREATE TABLE peer.invoice AS
    SELECT id, customer_id, number_text AS number, upper(state) AS state, issued_at, total::int AS total,
           due::int AS due, currency
      FROM invoice WHERE shard_key = {shard};
CREATE TABLE peer.invoice_line AS
    SELECT invoice_id, position, description, amount::int AS amount, currency
      FROM invoice_line WHERE shard_key = {shard};
ALTER TABLE peer.customer ADD PRIMARY KEY (id);
ALTER TABLE peer.invoice ADD PRIMARY KEY (id), ADD FOREIGN KEY (customer_id) REFERENCES peer.customer (id);
ALTER TABLE peer.invoice_line ADD PRIMARY KEY (invoice_id, position), ADD FOREIGN KEY (invoice_id) REFERENCES peer.invoice (id);
CREATE INDEX ON peer.invoice (customer_id, issued_at DESC);
ANALYZE peer.customer, peer.invoice, peer.invoice_line;
GRANT USAGE ON SCHEMA peer TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA peer TO PUBLIC;
