-- Responses of writes that were sent with an Idempotency-Key, one row for each transaction that the write had.
CREATE TABLE idempotency_keys (
    caller_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    part integer NOT NULL,
    fingerprint bytea NOT NULL,
    status integer NOT NULL,
    etag text COLLATE "C",
    location text COLLATE "C",
    body bytea,
    shown_once integer NOT NULL CHECK (shown_once IN (0, 1)),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller_id, key, part)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- How many of them a caller has stored on a day (UTC), and their bytes.
CREATE TABLE idempotency_usage (
    caller_id uuid NOT NULL,
    day timestamptz NOT NULL,
    responses bigint NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (caller_id, day)
);
CREATE INDEX idempotency_usage_by_day ON idempotency_usage (day);
