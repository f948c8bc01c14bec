-- What front pages are made of: articles that an editor has put in order, and a rule that fills the page up to
-- `fill_limit` articles; null where nothing is filled.
CREATE TABLE collections (
    id BLOB PRIMARY KEY NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    fill_limit INTEGER CHECK (fill_limit BETWEEN 1 AND 100),
    fill_section_id BLOB REFERENCES tags (id),
    fill_language TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX collections_by_section ON collections (fill_section_id) WHERE fill_section_id IS NOT NULL;

-- Tags that the rule wants, and those that it does not. Whoever merges a tag takes them along.
CREATE TABLE collection_tags (
    collection_id BLOB NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    part TEXT NOT NULL CHECK (part IN ('with', 'without')),
    tag_id BLOB NOT NULL REFERENCES tags (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (collection_id, part, tag_id)
) STRICT;
CREATE INDEX collection_tags_by_tag ON collection_tags (tag_id);

CREATE TABLE collection_slots (
    collection_id BLOB NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    headline TEXT,
    label TEXT,
    shown_from TEXT,
    shown_until TEXT,
    PRIMARY KEY (collection_id, position)
) STRICT;
CREATE UNIQUE INDEX collection_slots_by_article ON collection_slots (article_id, collection_id);
