-- What published articles are found by. The words come ready-made, folded and marked, as a
-- `tsvector` without any dictionary. Rows are in the order of publication: `position` is the
-- millisecond of publication times 16,384, and a number that tells apart those of one.
CREATE TABLE article_search (
    position bigint PRIMARY KEY NOT NULL,
    words tsvector NOT NULL
);
CREATE INDEX article_search_by_words ON article_search USING gin (words);
CREATE TABLE search_entries (
    position bigint PRIMARY KEY NOT NULL,
    article_id uuid NOT NULL REFERENCES articles (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX search_entries_by_article ON search_entries (article_id);

-- The words of the names of tags and authors.
CREATE TABLE name_words (
    word text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('tag', 'author')),
    owner_id uuid NOT NULL,
    PRIMARY KEY (word, kind, owner_id)
);
CREATE INDEX name_words_by_owner ON name_words (owner_id);

-- Tags and authors that were merged into others, which articles are still found by.
CREATE TABLE merged_names (
    id uuid PRIMARY KEY NOT NULL,
    into_id uuid NOT NULL
);
CREATE INDEX merged_names_by_target ON merged_names (into_id);

-- What is still to be read into the index, after the migrations.
CREATE TABLE search_pending (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('article', 'tag', 'author')),
    id uuid NOT NULL,
    PRIMARY KEY (kind, id)
);
INSERT INTO search_pending (kind, id)
SELECT 'article', id FROM articles WHERE status = 'published'
UNION ALL SELECT 'tag', id FROM tags
UNION ALL SELECT 'author', id FROM authors;

CREATE VIEW search_matches AS
SELECT s.words, e.article_id
FROM article_search s JOIN search_entries e ON e.position = s.position;

-- What the public may see now, in the order of the index.
CREATE VIEW public_articles_by_search AS
SELECT s.words, s.position, p.id, p.slug, p.language, p.section_id, p.updated_at, p.published_at
FROM article_search s
JOIN search_entries e ON e.position = s.position
JOIN public_articles p ON p.id = e.article_id;
