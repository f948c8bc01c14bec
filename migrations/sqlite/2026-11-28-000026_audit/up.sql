-- Each entry of the log has the hash of the one before it and its own (src/events/chain.rs). Entries from before this
-- have neither: the chain begins with the first one after it.
ALTER TABLE events ADD COLUMN previous_hash BLOB CHECK (length(previous_hash) = 32);
ALTER TABLE events ADD COLUMN hash BLOB CHECK (length(hash) = 32);

-- What the log is asked for, each in the order of the log.
CREATE INDEX events_by_actor ON events (actor_id, sequence);
CREATE INDEX events_by_system ON events (sequence) WHERE actor_id IS NULL;
CREATE INDEX events_by_kind ON events (kind, sequence);
CREATE INDEX events_by_kind_of_resource ON events (resource, sequence);
CREATE INDEX events_by_time ON events (recorded_at, sequence);
