DROP VIEW public_articles_by_shares;
DROP TABLE share_totals;
DROP TABLE url_share_counts;
DROP TABLE former_urls;
ALTER TABLE share_counts DROP COLUMN former_observed_at;
ALTER TABLE share_counts DROP COLUMN observed_at;
ALTER TABLE share_counts DROP COLUMN former_external;
ALTER TABLE share_counts DROP COLUMN external;
ALTER TABLE share_counts DROP COLUMN counted_at;
DROP TABLE share_buckets;
DROP TABLE share_journal_applied;
DROP TABLE share_journal;
CREATE TABLE share_visitors (
    visitor BLOB PRIMARY KEY NOT NULL,
    counted_at TEXT NOT NULL
) STRICT;
CREATE INDEX share_visitors_by_time ON share_visitors (counted_at);
