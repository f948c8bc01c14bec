-- What front pages are made of: articles that an editor has put in order, and a rule that fills the page up to
-- `fill_limit` articles; null where nothing is filled.
CREATE TABLE collections (
    id uuid PRIMARY KEY NOT NULL,
    slug text COLLATE "C" NOT NULL UNIQUE,
    title text COLLATE "C" NOT NULL,
    fill_limit integer CHECK (fill_limit BETWEEN 1 AND 100),
    fill_section_id uuid REFERENCES tags (id),
    fill_language text COLLATE "C",
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX collections_by_section ON collections (fill_section_id) WHERE fill_section_id IS NOT NULL;

-- Tags that the rule wants, and those that it does not. Whoever merges a tag takes them along.
CREATE TABLE collection_tags (
    collection_id uuid NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    part text COLLATE "C" NOT NULL CHECK (part IN ('with', 'without')),
    tag_id uuid NOT NULL REFERENCES tags (id),
    position integer NOT NULL,
    PRIMARY KEY (collection_id, part, tag_id)
);
CREATE INDEX collection_tags_by_tag ON collection_tags (tag_id);

CREATE TABLE collection_slots (
    collection_id uuid NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    position integer NOT NULL,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    headline text COLLATE "C",
    label text COLLATE "C",
    shown_from timestamptz,
    shown_until timestamptz,
    PRIMARY KEY (collection_id, position)
);
CREATE UNIQUE INDEX collection_slots_by_article ON collection_slots (article_id, collection_id);
