-- Minutes that reading the body takes (src/body/reading.rs); null until it was counted, which the rebuild of the
-- read model does for articles of before.
ALTER TABLE articles ADD COLUMN reading_minutes INTEGER;
