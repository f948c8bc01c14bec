-- The cache tags of all that an article shows.
ALTER TABLE articles RENAME COLUMN made_of TO depends_on;
