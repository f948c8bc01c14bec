-- Responses of writes that were sent with an Idempotency-Key, one row for each transaction that the write had.
CREATE TABLE idempotency_keys (
    caller_id BLOB NOT NULL,
    key TEXT NOT NULL,
    part INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    etag TEXT,
    location TEXT,
    body BLOB,
    shown_once INTEGER NOT NULL CHECK (shown_once IN (0, 1)),
    created_at TEXT NOT NULL,
    PRIMARY KEY (caller_id, key, part)
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- How many of them a caller has stored on a day (UTC), and their bytes.
CREATE TABLE idempotency_usage (
    caller_id BLOB NOT NULL,
    day TEXT NOT NULL,
    responses INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (caller_id, day)
) STRICT;
CREATE INDEX idempotency_usage_by_day ON idempotency_usage (day);
