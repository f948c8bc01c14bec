-- Events are of people, tokens and whatever else editors have as well: the code names the kinds of resources.
ALTER TABLE events DROP CONSTRAINT events_resource_check;
