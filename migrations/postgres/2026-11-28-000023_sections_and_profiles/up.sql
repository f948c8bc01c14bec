-- Where a tag stands among others in navigation; 2147483647 where nobody has said so, which is after all others.
ALTER TABLE tags ADD COLUMN position integer NOT NULL DEFAULT 2147483647;
CREATE INDEX tags_by_position ON tags (position, sort_name, id);
CREATE INDEX tags_by_kind_and_position ON tags (kind, position, sort_name, id);

-- The tags that a tag stands below: its parent at the distance 1, the root farthest. Kept whole, so that no read climbs.
CREATE TABLE tag_ancestors (
    tag_id uuid NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
    distance integer NOT NULL CHECK (distance BETWEEN 1 AND 7),
    ancestor_id uuid NOT NULL REFERENCES tags (id),
    PRIMARY KEY (tag_id, distance)
);
CREATE INDEX tag_ancestors_by_ancestor ON tag_ancestors (ancestor_id, distance, tag_id);

-- The tag or section that stands for the article; null where nobody has chosen one.
ALTER TABLE articles ADD COLUMN primary_tag_id uuid REFERENCES tags (id);
CREATE INDEX articles_by_primary_tag ON articles (primary_tag_id) WHERE primary_tag_id IS NOT NULL;

ALTER TABLE authors ADD COLUMN website text COLLATE "C";
ALTER TABLE authors ADD COLUMN social json NOT NULL DEFAULT '[]';
-- An address for readers: there is no other one.
ALTER TABLE authors ADD COLUMN contact_email text COLLATE "C";

-- How many articles of a section are not published, which the desk's list of tags says.
CREATE INDEX articles_unpublished_by_section ON articles (section_id) WHERE status <> 'published';
