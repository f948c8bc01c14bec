-- What articles that are not published are found by, and not in the trash: in tables of their own, so that nothing that
-- readers search knows of them. As `article_search` and `search_entries`; rows are in the order of creation.
CREATE VIRTUAL TABLE draft_search USING fts5(
    words, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '3 4'
);
CREATE TABLE draft_entries (
    position INTEGER PRIMARY KEY NOT NULL,
    article_id BLOB NOT NULL REFERENCES articles (id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX draft_entries_by_article ON draft_entries (article_id);

-- What the desk's lists are sorted by: the words of the headline, folded, empty without one. Those that are there already
-- get it when the projection `draft_index` is made.
ALTER TABLE articles ADD COLUMN sort_headline TEXT NOT NULL DEFAULT '';
CREATE INDEX articles_by_headline ON articles (sort_headline, id);
CREATE INDEX articles_by_status_and_headline ON articles (status, sort_headline, id);
-- An article without a time of publication stands before all others.
CREATE INDEX articles_by_publication ON articles (coalesce(published_at, '0001-01-01T00:00:00.000Z'), id);
CREATE INDEX articles_by_status_and_publication
    ON articles (status, coalesce(published_at, '0001-01-01T00:00:00.000Z'), id);
CREATE INDEX articles_by_creator_and_status ON articles (created_by, status, updated_at, id);

-- Who edits what, until when. Nothing is kept from writing by it.
CREATE TABLE article_locks (
    article_id BLOB PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('user', 'token')),
    holder_id BLOB NOT NULL,
    taken_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX article_locks_by_expiry ON article_locks (expires_at);
