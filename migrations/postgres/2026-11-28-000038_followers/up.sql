-- How far those have read the event log who tell other services what has changed: one row for each service. One process at
-- a time does it for a service, until its time is over (`held_until`). `failing_since` and `failure` say that it does not take
-- what it is told, and why.
CREATE TABLE followers (
    name text COLLATE "C" PRIMARY KEY NOT NULL,
    sequence bigint NOT NULL,
    holder uuid,
    held_until timestamptz,
    failing_since timestamptz,
    failure text COLLATE "C"
);
