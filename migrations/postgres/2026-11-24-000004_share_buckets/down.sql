ALTER TABLE share_counts DROP COLUMN counted_at;
ALTER TABLE share_counts RESET (fillfactor);
DROP TABLE share_buckets;
