-- A random mark for each timeline of a Postgres primary, by which replicas of another history are
-- recognised (src/db/replica.rs). Empty without a replica.
CREATE TABLE primary_timelines (
    system INTEGER NOT NULL,
    timeline INTEGER NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (system, timeline)
) STRICT, WITHOUT ROWID;
