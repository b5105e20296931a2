-- post
-- The two indexes of the file before know all that this one knew.

DROP INDEX due_work_wall_idx;
