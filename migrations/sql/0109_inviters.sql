-- pre
-- Which user of the customer made an invitation; NULL for the seller's own, and for those of before this.

ALTER TABLE member_invitation ADD COLUMN invited_by uuid;
ALTER TABLE member_invitation ADD CONSTRAINT member_invitation_inviter_fkey
    FOREIGN KEY (shard_key, customer_id, invited_by) REFERENCES customer_user (shard_key, customer_id, id) NOT VALID;
