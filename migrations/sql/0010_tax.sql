-- pre
-- The number of the taxes.

GRANT SELECT ON legal_entity TO quittance_app;
