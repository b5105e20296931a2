-- pre
-- Dunning on a timeline for each plan and kind of customer, never shorter than the customer's country allows.
-- A case keeps the timeline it was opened under: what was open before this has no notices and no restriction.
-- What is added NOT VALID holds for every row written from now on; older rows keep it too, and a later file says so.

-- No notice days: they follow from the retries and the end of access.
ALTER TABLE dunning_policy ADD COLUMN notice_days int[];
ALTER TABLE dunning_policy ADD COLUMN restrict_day int;
ALTER TABLE dunning_policy ADD COLUMN kept_features text[];
ALTER TABLE dunning_policy ADD CONSTRAINT dunning_policy_notices
    CHECK (0 < ALL (notice_days) AND give_up_day > ALL (notice_days)) NOT VALID;
ALTER TABLE dunning_policy ADD CONSTRAINT dunning_policy_restriction
    CHECK ((restrict_day IS NULL) = (kept_features IS NULL) AND restrict_day BETWEEN 0 AND suspend_day - 1) NOT VALID;

-- What differs from the tenant's own timeline. The scope is a plan, or the tenant for all its plans.
CREATE TABLE dunning_timeline (
    tenant_id uuid NOT NULL,
    scope uuid NOT NULL,
    customer_kind text NOT NULL,
    retry_days int[] NOT NULL,
    suspend_day int NOT NULL,
    give_up_day int NOT NULL,
    notice_days int[],
    restrict_day int,
    kept_features text[],
    recorded_at timestamptz NOT NULL,
    CONSTRAINT dunning_timeline_pkey PRIMARY KEY (tenant_id, scope, customer_kind),
    CONSTRAINT dunning_timeline_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT dunning_timeline_kind_known CHECK (customer_kind IN ('any', 'consumer', 'business')),
    CONSTRAINT dunning_timeline_not_the_policy CHECK (scope <> tenant_id OR customer_kind <> 'any'),
    CONSTRAINT dunning_timeline_order CHECK (
        0 < ALL (retry_days) AND suspend_day >= ALL (retry_days) AND suspend_day BETWEEN 0 AND 30
        AND give_up_day > suspend_day),
    CONSTRAINT dunning_timeline_notices CHECK (0 < ALL (notice_days) AND give_up_day > ALL (notice_days)),
    CONSTRAINT dunning_timeline_restriction CHECK (
        (restrict_day IS NULL) = (kept_features IS NULL) AND restrict_day BETWEEN 0 AND suspend_day - 1)
);

-- What a country asks for before access may end. The greatest version holds; none is ever changed.
CREATE TABLE grace_rule (
    tenant_id uuid NOT NULL,
    country text NOT NULL,
    customer_kind text NOT NULL,
    version int NOT NULL,
    min_days int NOT NULL,
    notice_days int NOT NULL,
    source text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT grace_rule_pkey PRIMARY KEY (tenant_id, country, customer_kind, version),
    CONSTRAINT grace_rule_tenant_fkey FOREIGN KEY (tenant_id) REFERENCES tenant (id),
    CONSTRAINT grace_rule_kind_known CHECK (customer_kind IN ('any', 'consumer', 'business')),
    CONSTRAINT grace_rule_days CHECK (version > 0 AND min_days >= 0 AND notice_days >= 0)
);

ALTER TABLE dunning_case ADD COLUMN notice_days int[] NOT NULL DEFAULT '{}';
ALTER TABLE dunning_case ADD COLUMN notices_told int NOT NULL DEFAULT 0;
ALTER TABLE dunning_case ADD COLUMN restrict_at timestamptz;
ALTER TABLE dunning_case ADD COLUMN kept_features text[];
ALTER TABLE dunning_case ADD COLUMN grace_source text;
ALTER TABLE dunning_case ADD COLUMN ended_at timestamptz;
-- The day that the customer chose for the next retry.
ALTER TABLE dunning_case ADD COLUMN payday_at timestamptz;
-- Who has no grace at all is suspended when the payment fails.
-- squawk-ignore ban-drop-constraint
ALTER TABLE dunning_case DROP CONSTRAINT dunning_case_order;
ALTER TABLE dunning_case ADD CONSTRAINT dunning_case_days CHECK (
    opened_at <= suspend_at AND suspend_at < give_up_at
    AND (restrict_at IS NULL) = (kept_features IS NULL) AND restrict_at >= opened_at AND restrict_at < suspend_at
    AND payday_at <= suspend_at AND notices_told >= 0) NOT VALID;

GRANT SELECT ON dunning_timeline, grace_rule TO quittance_app;
GRANT INSERT ON dunning_timeline, grace_rule TO quittance_app;
GRANT UPDATE (notice_days, restrict_day, kept_features) ON dunning_policy TO quittance_app;
GRANT UPDATE (retry_days, suspend_day, give_up_day, notice_days, restrict_day, kept_features, recorded_at)
    ON dunning_timeline TO quittance_app;
GRANT UPDATE (notice_days, notices_told, restrict_at, kept_features, grace_source, ended_at, payday_at)
    ON dunning_case TO quittance_app;
