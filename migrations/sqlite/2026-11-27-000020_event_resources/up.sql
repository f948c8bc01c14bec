-- Events are of people, tokens and whatever else editors have as well: the code names the kinds of resources.
CREATE TABLE any_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    recorded_at TEXT NOT NULL,
    kind TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id BLOB NOT NULL,
    slug TEXT NOT NULL,
    actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'token', 'system')),
    actor_id BLOB,
    request_id BLOB,
    readers_see TEXT CHECK (readers_see IN ('appeared', 'changed', 'disappeared')),
    detail TEXT NOT NULL
) STRICT;
INSERT INTO any_events SELECT * FROM events ORDER BY sequence;
DROP TABLE events;
ALTER TABLE any_events RENAME TO events;
CREATE INDEX events_by_resource ON events (resource_id, sequence);
