-- What published articles are found by. The words come ready-made, folded and marked, so the
-- tokenizer only parts them at spaces. Rows are in the order of publication: `position` is the
-- millisecond of publication times 16,384, and a number that tells apart those of one. Beginnings of
-- two and three letters have lists of their own: they would stand for too many words.
CREATE VIRTUAL TABLE article_search USING fts5(
    words, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '3 4'
);
CREATE TABLE search_entries (
    position INTEGER PRIMARY KEY NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX search_entries_by_article ON search_entries (article_id);

-- The words of the names of tags and authors.
CREATE TABLE name_words (
    word TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('tag', 'author')),
    owner_id BLOB NOT NULL,
    PRIMARY KEY (word, kind, owner_id)
) STRICT;
CREATE INDEX name_words_by_owner ON name_words (owner_id);

-- Tags and authors that were merged into others, which articles are still found by.
CREATE TABLE merged_names (
    id BLOB PRIMARY KEY NOT NULL,
    into_id BLOB NOT NULL
) STRICT;
CREATE INDEX merged_names_by_target ON merged_names (into_id);

-- What is still to be read into the index, after the migrations.
CREATE TABLE search_pending (
    kind TEXT NOT NULL CHECK (kind IN ('article', 'tag', 'author')),
    id BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
INSERT INTO search_pending (kind, id)
SELECT 'article', id FROM articles WHERE status = 'published'
UNION ALL SELECT 'tag', id FROM tags
UNION ALL SELECT 'author', id FROM authors;

CREATE VIEW search_matches AS
SELECT s.article_search AS words, e.article_id
FROM article_search s CROSS JOIN search_entries e ON e.position = s.rowid;

-- What the public may see now, in the order of the index.
CREATE VIEW public_articles_by_search AS
SELECT s.article_search AS words, s.rowid AS position, p.id, p.slug, p.language, p.section_id,
       p.updated_at, p.published_at
FROM article_search s
CROSS JOIN search_entries e ON e.position = s.rowid
CROSS JOIN public_articles p ON p.id = e.article_id;
