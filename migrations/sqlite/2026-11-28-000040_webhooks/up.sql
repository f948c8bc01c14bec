-- Where other programs are told what has happened, and how far each was told of the event log (`sequence`). `events` are kinds
-- of messages, `sections` slugs, both separated by spaces; no sections: all. The secret before this one signs as well until
-- `previous_until`. `failing_since` and `failures` count attempts since the last one that succeeded; nothing is sent before
-- `held_until`.
CREATE TABLE webhooks (
    id BLOB PRIMARY KEY NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    events TEXT NOT NULL,
    sections TEXT NOT NULL,
    secret TEXT NOT NULL,
    previous_secret TEXT,
    previous_until TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    failing_since TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    held_until TEXT,
    disabled_at TEXT,
    disabled_reason TEXT
) STRICT;

-- What is, or was, to be sent there: of each message one row for each webhook. A process that sends it (`holder`) puts off when it
-- is due (`next_at`, by the database's clock), so that another one sends it when that process ends meanwhile. When it is asked for
-- again, a new round of attempts begins.
CREATE TABLE webhook_deliveries (
    id BLOB PRIMARY KEY NOT NULL,
    webhook_id BLOB NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    message_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    attempts_of_round INTEGER NOT NULL DEFAULT 0,
    next_at TEXT,
    holder BLOB,
    created_at TEXT NOT NULL,
    finished_at TEXT,
    UNIQUE (webhook_id, message_id)
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;

-- What came of each attempt. `response` is the beginning of what was answered.
CREATE TABLE webhook_attempts (
    delivery_id BLOB NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    milliseconds INTEGER NOT NULL,
    status INTEGER,
    error TEXT,
    response TEXT,
    PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;
