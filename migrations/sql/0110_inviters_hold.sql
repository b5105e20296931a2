-- pre
-- What 0109 added, checked against the rows that were there while everybody works.

ALTER TABLE member_invitation VALIDATE CONSTRAINT member_invitation_inviter_fkey;
