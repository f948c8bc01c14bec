-- The short label above the headline.
ALTER TABLE articles ADD COLUMN kicker text COLLATE "C";
