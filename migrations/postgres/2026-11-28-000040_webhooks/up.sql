-- Where other programs are told what has happened, and how far each was told of the event log (`sequence`). `events` are kinds
-- of messages, `sections` slugs, both separated by spaces; no sections: all. The secret before this one signs as well until
-- `previous_until`. `failing_since` and `failures` count attempts since the last one that succeeded; nothing is sent before
-- `held_until`.
CREATE TABLE webhooks (
    id uuid PRIMARY KEY,
    url text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    events text COLLATE "C" NOT NULL,
    sections text COLLATE "C" NOT NULL,
    secret text COLLATE "C" NOT NULL,
    previous_secret text COLLATE "C",
    previous_until timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    sequence bigint NOT NULL,
    failing_since timestamptz,
    failures bigint NOT NULL DEFAULT 0,
    held_until timestamptz,
    disabled_at timestamptz,
    disabled_reason text COLLATE "C"
);

-- What is, or was, to be sent there: of each message one row for each webhook. A process that sends it (`holder`) puts off when it
-- is due (`next_at`, by the database's clock), so that another one sends it when that process ends meanwhile. When it is asked for
-- again, a new round of attempts begins.
CREATE TABLE webhook_deliveries (
    id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    message_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    payload text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    attempts_of_round bigint NOT NULL DEFAULT 0,
    next_at timestamptz,
    holder uuid,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    UNIQUE (webhook_id, message_id)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_listed ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;

-- What came of each attempt. `response` is the beginning of what was answered.
CREATE TABLE webhook_attempts (
    delivery_id uuid NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    number bigint NOT NULL,
    started_at timestamptz NOT NULL,
    milliseconds bigint NOT NULL,
    status bigint,
    error text COLLATE "C",
    response text COLLATE "C",
    PRIMARY KEY (delivery_id, number)
);
