-- pre
-- How far the look for events that never arrived has come: a round hears of what a provider told in vain between two
-- instants, goes on where it was stopped, and the next one begins where the last one ended.
CREATE TABLE event_look (
    provider_account text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    after_ref text,
    ended_at timestamptz,
    CONSTRAINT event_look_pkey PRIMARY KEY (provider_account)
);
GRANT SELECT, INSERT ON event_look TO quittance_app;
GRANT UPDATE (since, until, after_ref, ended_at) ON event_look TO quittance_app;
