-- What readers see of the log, in its order: who keeps a copy of it all reads that and nothing else.
CREATE INDEX events_that_readers_see ON events (sequence) WHERE readers_see IS NOT NULL;
