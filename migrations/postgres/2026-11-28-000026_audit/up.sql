-- Each entry of the log has the hash of the one before it and its own (src/events/chain.rs). Entries from before this
-- have neither: the chain begins with the first one after it.
ALTER TABLE events ADD COLUMN previous_hash bytea CHECK (length(previous_hash) = 32);
ALTER TABLE events ADD COLUMN hash bytea CHECK (length(hash) = 32);

-- The hashes of the last entry are beside its number: whoever numbers has them without asking.
ALTER TABLE event_sequence
    ADD COLUMN previous_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(previous_hash) = 32),
    ADD COLUMN hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(hash) = 32);

-- What the log is asked for, each in the order of the log.
CREATE INDEX events_by_actor ON events (actor_id, sequence);
CREATE INDEX events_by_system ON events (sequence) WHERE actor_id IS NULL;
CREATE INDEX events_by_kind ON events (kind, sequence);
CREATE INDEX events_by_kind_of_resource ON events (resource, sequence);
CREATE INDEX events_by_time ON events (recorded_at, sequence);
