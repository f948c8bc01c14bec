ALTER TABLE share_counts DROP COLUMN counted_at;
DROP TABLE share_buckets;
DROP TABLE share_visitors;
CREATE TABLE share_visitors (
    visitor BLOB PRIMARY KEY NOT NULL,
    counted_at TEXT NOT NULL
) STRICT;
CREATE INDEX share_visitors_by_time ON share_visitors (counted_at);
