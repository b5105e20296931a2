-- pre
-- Until when a stored method works, as its provider says; rows of before do not know it.

ALTER TABLE payment_method ADD COLUMN expires_year int, ADD COLUMN expires_month int;
GRANT UPDATE (expires_year, expires_month) ON payment_method TO quittance_app;
