-- pre
-- The terms of a contract that renews another hold from the end of that on, also where that waits to be concluded: when
-- they were put in force is kept, so that what staff set since is not set back. Code that does not know of it puts them
-- in force as it concludes the contract before.

ALTER TABLE contract ADD COLUMN terms_in_force_at timestamptz;

GRANT UPDATE (terms_in_force_at) ON contract TO quittance_app;
