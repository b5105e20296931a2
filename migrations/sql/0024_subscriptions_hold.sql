-- pre
-- What 0012 added to subscriptions, checked against the rows that were there while everybody works.

ALTER TABLE subscription VALIDATE CONSTRAINT subscription_pause_known;
ALTER TABLE subscription VALIDATE CONSTRAINT subscription_version_fkey;
ALTER TABLE subscription VALIDATE CONSTRAINT subscription_resume_known;
ALTER TABLE subscription VALIDATE CONSTRAINT subscription_cancel_known;
ALTER TABLE subscription VALIDATE CONSTRAINT subscription_trial_known;
ALTER TABLE subscription VALIDATE CONSTRAINT subscription_pending_terms;
