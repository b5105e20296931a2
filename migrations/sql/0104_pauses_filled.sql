-- post
-- Code that knew nothing of 0102 begins pauses without the day on which they end and their cause. It runs once no such
-- code does; pauses that are over by then are not gone on with.

UPDATE subscription_pause p SET resumes_at = s.resumes_at, cause = s.pause_cause
  FROM subscription s
 WHERE s.state = 'paused' AND s.shard_key = p.shard_key AND s.id = p.subscription_id AND s.seq = p.seq
   AND (s.resumes_at, s.pause_cause) IS DISTINCT FROM (p.resumes_at, p.cause);
