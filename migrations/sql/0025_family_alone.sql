-- post
-- no-transaction
-- One living subscription of a family is what family_claim holds. A plan can move to another family with a version of
-- its own, and a customer may then be on the plan in both; the older rule of one per plan stood in the way.

DROP INDEX CONCURRENTLY IF EXISTS subscription_one_per_plan_key;
