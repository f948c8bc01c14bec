-- A random mark for each timeline of a Postgres primary, by which replicas of another history are
-- recognised (src/db/replica.rs). Empty without a replica.
CREATE TABLE primary_timelines (
    system bigint NOT NULL,
    timeline bigint NOT NULL,
    mark text NOT NULL,
    PRIMARY KEY (system, timeline)
);
