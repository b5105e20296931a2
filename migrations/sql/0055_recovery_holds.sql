-- pre
-- What 0038 added, checked against the rows that were there while everybody works; and the tries of customers whose
-- case was open before they were counted, as many as a tenant's rules allow at first.

ALTER TABLE dunning_policy VALIDATE CONSTRAINT dunning_policy_notices;
ALTER TABLE dunning_policy VALIDATE CONSTRAINT dunning_policy_restriction;
ALTER TABLE dunning_case VALIDATE CONSTRAINT dunning_case_days;

-- Newer code may have said it of a case already.
INSERT INTO own_tries (shard_key, customer_id, invoice_id, used, most)
    SELECT shard_key, customer_id, invoice_id, 0, 5 FROM dunning_case
     WHERE state IN ('retrying', 'grace', 'suspended')
        ON CONFLICT DO NOTHING;
