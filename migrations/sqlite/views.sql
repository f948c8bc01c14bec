-- The views as they are now. They are dropped and made again when this text has changed
-- (src/db/views.rs); a view stands below those that it is made of. `{read_model}` stands for the version of the
-- code that renders articles.

-- Every article with what it refers to, as JSON, so that one query reads it whole. Sorted
-- before it is aggregated: SQLite 3.40 takes no ORDER BY in an aggregate.
CREATE VIEW full_articles AS
SELECT a.*,
       b.blocks AS body,
       b.html AS body_html,
       (SELECT json_group_array(json_object('id', lower(hex(w.id)), 'slug', w.slug, 'name', w.name,
                                            'role', w.role, 'bio', w.bio, 'avatar_url', w.avatar_url,
                                            'website', w.website, 'social', json(w.social),
                                            'contact_email', w.contact_email))
        FROM (SELECT author_id FROM article_authors WHERE article_id = a.id ORDER BY position) x
        CROSS JOIN authors w ON w.id = x.author_id) AS authors,
       (SELECT json_group_array(json_object('id', lower(hex(t.id)), 'slug', t.slug, 'name', t.name,
                                            'kind', t.kind,
                                            'is_primary', json(CASE WHEN t.id = a.primary_tag_id THEN 'true' ELSE 'false' END)))
        FROM (SELECT tag_id FROM article_tags WHERE article_id = a.id ORDER BY position) x
        CROSS JOIN tags t ON t.id = x.tag_id) AS tags,
       (SELECT json_object('id', lower(hex(s.id)), 'slug', s.slug, 'name', s.name,
                           'is_primary', json(CASE WHEN s.id = a.primary_tag_id THEN 'true' ELSE 'false' END),
                           'ancestors', json(
                   (SELECT json_group_array(json_object('id', lower(hex(p.id)), 'slug', p.slug, 'name', p.name))
                    FROM (SELECT ancestor_id FROM tag_ancestors WHERE tag_id = s.id ORDER BY distance DESC) x
                    CROSS JOIN tags p ON p.id = x.ancestor_id)))
        FROM tags s WHERE s.id = a.section_id) AS section,
       (SELECT json_group_array(json_object('id', lower(hex(c.id)), 'kind', c.kind, 'text', c.text,
                                            'published_at', c.published_at))
        FROM (SELECT * FROM corrections WHERE article_id = a.id ORDER BY published_at, id) c) AS corrections,
       (SELECT json_group_array(url)
        FROM (SELECT url FROM former_urls WHERE article_id = a.id ORDER BY position)) AS former_urls,
       -- How it ends or has ended, for editors.
       json_object(
           'unpublish_at', a.unpublish_at, 'retraction_reason', a.retraction_reason,
           'retraction_notice', (SELECT r.notice FROM retractions r WHERE r.article_id = a.id),
           'retracted_at', (SELECT r.retracted_at FROM retractions r WHERE r.article_id = a.id)) AS ending,
       -- The changes to it that readers do not see yet, in short; null when there are none.
       (SELECT json_object('version', w.version, 'base_version', w.base_version, 'updated_at', w.updated_at,
                           'publish_at', w.publish_at, 'failure', json(w.failure))
        FROM working_copies w WHERE w.article_id = a.id AND w.base_version IS NOT NULL) AS working_copy,
       -- Who edits it now.
       (SELECT json_object(
           'kind', l.holder_kind, 'id', lower(hex(l.holder_id)), 'since', l.taken_at, 'until', l.expires_at,
           'name', CASE l.holder_kind WHEN 'user' THEN (SELECT u.name FROM users u WHERE u.id = l.holder_id)
                                      ELSE (SELECT t.name FROM api_tokens t WHERE t.id = l.holder_id) END)
        FROM article_locks l
        WHERE l.article_id = a.id AND l.expires_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) AS held_lock,
       coalesce(a.published_at, '0001-01-01T00:00:00.000Z') AS sort_published_at,
       -- When readers were told that it says something else, and when anything that it shows was last
       -- changed; of published articles.
       max(coalesce(a.told_updated_at, a.updated_at), a.published_at, coalesce(a.embargo_until, '')) AS public_updated_at,
       max(max(a.updated_at, a.published_at, coalesce(a.embargo_until, '')),
           coalesce((SELECT max(t.updated_at) FROM article_tags x JOIN tags t ON t.id = x.tag_id
                     WHERE x.article_id = a.id), ''),
           coalesce((SELECT max(w.updated_at) FROM article_authors x JOIN authors w ON w.id = x.author_id
                     WHERE x.article_id = a.id), ''),
           coalesce((SELECT s.updated_at FROM tags s WHERE s.id = a.section_id), ''),
           coalesce((SELECT max(p.updated_at) FROM tag_ancestors x JOIN tags p ON p.id = x.ancestor_id
                     WHERE x.tag_id = a.section_id), '')) AS public_changed_at
FROM articles a LEFT JOIN article_bodies b ON b.article_id = a.id;

-- What an article's excerpt and reading time are taken from: what was rendered of it, as long as that is of this
-- version of it and of the code, or else its body, which is long.
CREATE VIEW teaser_sources AS
SELECT a.id,
       CASE WHEN a.rendered_version = a.version AND a.rendered_by = {read_model}
            THEN a.summary_json END AS summary_json,
       CASE WHEN a.rendered_version = a.version AND a.rendered_by = {read_model}
            THEN NULL ELSE b.blocks END AS blocks
FROM articles a LEFT JOIN article_bodies b ON b.article_id = a.id;

-- What the public may see now. Readers' queries go through this view only; its clock is the database's,
-- so a scheduled article appears without a job. Nearly all articles of an archive are published: told so,
-- SQLite walks the index in the order that is asked for, and does not collect all that are published
-- first; and of two ends of that walk, the clock and a cursor, of which it uses one, it takes the cursor,
-- which is the nearer one.
CREATE VIEW public_articles AS
SELECT id, slug, canonical_url, language, section_id, public_updated_at AS updated_at, published_at,
       substr(published_at, 1, 10) AS published_on, body, body_html,
       summary_json, details_json, made_of, rendered_changed_at,
       CAST((unixepoch(unpublish_at, 'subsec') - unixepoch('now', 'subsec')) * 1000 AS INTEGER) AS expires_in,
       coalesce(f.rendered_version = f.version AND f.rendered_by = {read_model}, 0)
       AND NOT EXISTS (SELECT 1 FROM stale WHERE projection = 'read_model') AS is_rendered
FROM full_articles f
WHERE likelihood(status = 'published', 0.9375)
  AND likelihood(published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 0.9375)
  AND (embargo_until IS NULL OR embargo_until <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
  AND (unpublish_at IS NULL OR unpublish_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

-- What was published in the last 48 hours, and in how many milliseconds it was not any more.
CREATE VIEW public_news AS
SELECT id, published_at,
       CAST((unixepoch(published_at, 'subsec') + 172800 - unixepoch('now', 'subsec')) * 1000 AS INTEGER) AS leaves_in
FROM public_articles
WHERE published_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-48 hours');

-- The same in the order of the index of one tag.
CREATE VIEW public_articles_by_tag AS
SELECT x.tag_id, x.article_id AS id, p.slug, p.language, p.section_id, p.updated_at, x.published_at
FROM article_tags x JOIN public_articles p ON p.id = x.article_id
WHERE x.published_at IS NOT NULL;

-- In the order of the index of one author.
CREATE VIEW public_articles_by_author AS
SELECT x.author_id, x.article_id AS id, p.slug, p.language, p.section_id, p.updated_at, x.published_at
FROM article_authors x JOIN public_articles p ON p.id = x.article_id
WHERE x.published_at IS NOT NULL;

-- In the order of share counts.
CREATE VIEW public_articles_by_shares AS
SELECT t.total, t.article_id AS id, p.slug, p.language, p.section_id, p.updated_at, p.published_at
FROM share_totals t CROSS JOIN public_articles p ON p.id = t.article_id;

-- Everything in the search index, public or not.
CREATE VIEW search_matches AS
SELECT s.article_search AS words, e.article_id
FROM article_search s CROSS JOIN search_entries e ON e.position = s.rowid;

-- What the public may see now, in the order of the search index.
CREATE VIEW public_articles_by_search AS
SELECT s.article_search AS words, s.rowid AS position, p.id, p.slug, p.language, p.section_id,
       p.updated_at, p.published_at
FROM article_search s
CROSS JOIN search_entries e ON e.position = s.rowid
CROSS JOIN public_articles p ON p.id = e.article_id;

-- In how many milliseconds the clock alone changes what is public; null when never.
CREATE VIEW public_horizon AS
SELECT 1 AS id,
       CAST((unixepoch(min(instant), 'subsec') - unixepoch('now', 'subsec')) * 1000 AS INTEGER) AS milliseconds
FROM (SELECT min(published_at) AS instant FROM articles
      WHERE likelihood(status = 'published', 0.9375) AND published_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
      UNION ALL
      SELECT min(embargo_until) FROM articles
      WHERE likelihood(status = 'published', 0.9375) AND embargo_until IS NOT NULL
        AND embargo_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
      UNION ALL
      SELECT min(unpublish_at) FROM articles
      WHERE likelihood(status = 'published', 0.9375) AND unpublish_at IS NOT NULL AND unpublish_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

-- How many articles are public: from three indexes, since nearly all that are published are.
CREATE VIEW public_count AS
SELECT 1 AS id,
       (SELECT count(*) FROM articles
        WHERE status = 'published' AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
       - (SELECT count(*) FROM articles
          WHERE status = 'published' AND embargo_until IS NOT NULL
            AND embargo_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
            AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
       - (SELECT count(*) FROM articles
          WHERE status = 'published' AND unpublish_at IS NOT NULL
            AND unpublish_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
            AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
            AND (embargo_until IS NULL OR embargo_until <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) AS articles;

-- Published articles that the public may not see yet, or not any more: few, since the server takes those back whose
-- time is over.
CREATE VIEW hidden_articles AS
SELECT id, section_id FROM articles INDEXED BY articles_public_by_publication
WHERE status = 'published' AND published_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
UNION ALL
SELECT id, section_id FROM articles INDEXED BY articles_by_embargo
WHERE status = 'published' AND embargo_until IS NOT NULL
  AND embargo_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
UNION ALL
SELECT id, section_id FROM articles INDEXED BY articles_by_expiry
WHERE status = 'published' AND unpublish_at IS NOT NULL AND unpublish_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  AND published_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
  AND (embargo_until IS NULL OR embargo_until <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

-- How many of them each tag, section and author has.
CREATE VIEW hidden_article_counts AS
SELECT owner_id, count(*) AS articles FROM (
    SELECT x.tag_id AS owner_id FROM hidden_articles h CROSS JOIN article_tags x ON x.article_id = h.id
    UNION ALL SELECT x.author_id FROM hidden_articles h CROSS JOIN article_authors x ON x.article_id = h.id
    UNION ALL SELECT section_id FROM hidden_articles WHERE section_id IS NOT NULL
) GROUP BY owner_id;

-- What is in the search index and not public yet: what a count of all matches has too many.
CREATE VIEW hidden_matches AS
SELECT s.article_search AS words, s.rowid AS position
FROM hidden_articles h
CROSS JOIN search_entries e ON e.article_id = h.id
CROSS JOIN article_search s ON s.rowid = e.position;

-- Articles whose time has come, and of which the log has not said that they appeared.
CREATE VIEW due_appearances AS
SELECT article_id, due_at FROM appearances WHERE due_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now');

-- Published articles that the clock has hidden, and that the server has not taken back yet.
CREATE VIEW due_expiries AS
SELECT id AS article_id, unpublish_at AS due_at FROM articles INDEXED BY articles_by_expiry
WHERE status = 'published' AND unpublish_at IS NOT NULL AND unpublish_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now');

-- In how many milliseconds the next article appears or expires, or a working copy is published, fewer than none when
-- that has come and was not done; null when none will.
CREATE VIEW next_clock_event AS
SELECT 1 AS id,
       CAST((unixepoch(min(due_at), 'subsec') - unixepoch('now', 'subsec')) * 1000 AS INTEGER) AS milliseconds
FROM (SELECT min(due_at) AS due_at FROM appearances
      UNION ALL
      SELECT min(unpublish_at) FROM articles INDEXED BY articles_by_expiry
      WHERE status = 'published' AND unpublish_at IS NOT NULL
      UNION ALL
      SELECT min(publish_at) FROM working_copies INDEXED BY working_copies_by_time WHERE publish_at IS NOT NULL);

-- Working copies whose time has come.
CREATE VIEW due_working_copies AS
SELECT article_id, publish_at AS due_at, scheduled_by_kind, scheduled_by_id
FROM working_copies INDEXED BY working_copies_by_time
WHERE publish_at IS NOT NULL AND publish_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now');

-- The slots of collections that are to be shown now, whatever their articles are.
CREATE VIEW current_slots AS
SELECT collection_id, position, article_id, headline, label FROM collection_slots
WHERE (shown_from IS NULL OR shown_from <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
  AND (shown_until IS NULL OR shown_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

-- In how many milliseconds the clock alone shows or hides a slot, for each instant at which it does.
CREATE VIEW slot_changes AS
SELECT collection_id, position,
       CAST((unixepoch(shown_from, 'subsec') - unixepoch('now', 'subsec')) * 1000 AS INTEGER) AS milliseconds
FROM collection_slots WHERE shown_from > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
UNION ALL
SELECT collection_id, position,
       CAST((unixepoch(shown_until, 'subsec') - unixepoch('now', 'subsec')) * 1000 AS INTEGER)
FROM collection_slots WHERE shown_until > strftime('%Y-%m-%dT%H:%M:%fZ', 'now');

-- What readers may see of corrections: those of public articles.
CREATE VIEW public_corrections AS
SELECT c.id, c.kind, c.text, c.published_at, c.article_id
FROM corrections c CROSS JOIN public_articles p ON p.id = c.article_id;

-- Locks that have not run out.
CREATE VIEW held_locks AS
SELECT article_id, holder_kind, holder_id, taken_at, expires_at FROM article_locks
WHERE expires_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now');

-- Published articles that readers do not see yet, each with when they will.
CREATE VIEW scheduled_articles AS
SELECT article_id, due_at FROM appearances WHERE due_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now');

-- What the clock will do to published articles.
CREATE VIEW coming_changes AS
SELECT 'appears' AS change, article_id, due_at FROM appearances WHERE due_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
UNION ALL
SELECT 'expires' AS change, id AS article_id, unpublish_at AS due_at FROM articles INDEXED BY articles_by_expiry 
WHERE status = 'published' AND unpublish_at IS NOT NULL AND unpublish_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
UNION ALL
SELECT 'working_copy' AS change, article_id, publish_at AS due_at FROM working_copies INDEXED BY working_copies_by_time
WHERE publish_at IS NOT NULL AND publish_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now');

-- Working copies that could not be published at their time, and what the clock should have led to a minute ago, and has not: published articles whose end has come and that are not
-- taken back, and those that readers see and of which the log does not say so.
CREATE VIEW overdue_changes AS
SELECT 'not_taken_back' AS reason, id AS article_id, unpublish_at AS due_at FROM articles INDEXED BY articles_by_expiry 
WHERE status = 'published' AND unpublish_at IS NOT NULL AND unpublish_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-60 seconds')
UNION ALL
SELECT 'not_announced' AS reason, article_id, due_at FROM appearances WHERE due_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-60 seconds')
UNION ALL
SELECT 'working_copy_refused' AS reason, article_id, json_extract(failure, '$.publish_at') AS due_at
FROM working_copies INDEXED BY working_copies_failed WHERE failure IS NOT NULL;
