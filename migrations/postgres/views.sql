-- The views as they are now. They are dropped and made again when this text has changed
-- (src/db/views.rs); a view stands below those that it is made of. `{read_model}` stands for the version of the
-- code that renders articles.

-- Every article with what it refers to, as JSON, so that one query reads it whole.
CREATE VIEW full_articles AS
SELECT a.*,
       b.blocks AS body,
       b.html AS body_html,
       (SELECT coalesce(json_agg(json_build_object('id', w.id, 'slug', w.slug, 'name', w.name,
                                                   'role', w.role, 'bio', w.bio,
                                                   'avatar_url', w.avatar_url, 'website', w.website,
                                                   'social', w.social, 'contact_email', w.contact_email)
                                 ORDER BY x.position), '[]')
        FROM article_authors x JOIN authors w ON w.id = x.author_id
        WHERE x.article_id = a.id) AS authors,
       (SELECT coalesce(json_agg(json_build_object('id', t.id, 'slug', t.slug, 'name', t.name,
                                                   'kind', t.kind,
                                                   'is_primary', coalesce(t.id = a.primary_tag_id, false))
                                 ORDER BY x.position), '[]')
        FROM article_tags x JOIN tags t ON t.id = x.tag_id
        WHERE x.article_id = a.id) AS tags,
       (SELECT json_build_object('id', s.id, 'slug', s.slug, 'name', s.name,
                                  'is_primary', coalesce(s.id = a.primary_tag_id, false), 'ancestors',
                   (SELECT coalesce(json_agg(json_build_object('id', p.id, 'slug', p.slug, 'name', p.name)
                                             ORDER BY x.distance DESC), '[]')
                    FROM tag_ancestors x JOIN tags p ON p.id = x.ancestor_id WHERE x.tag_id = s.id))
        FROM tags s WHERE s.id = a.section_id) AS section,
       (SELECT coalesce(json_agg(json_build_object('id', c.id, 'kind', c.kind, 'text', c.text,
                                                   'published_at', c.published_at)
                                 ORDER BY c.published_at, c.id), '[]')
        FROM corrections c WHERE c.article_id = a.id) AS corrections,
       (SELECT coalesce(json_agg(url ORDER BY position), '[]')
        FROM former_urls WHERE article_id = a.id) AS former_urls,
       -- How it ends or has ended, for editors.
       json_build_object(
           'unpublish_at', a.unpublish_at, 'retraction_reason', a.retraction_reason,
           'retraction_notice', (SELECT r.notice FROM retractions r WHERE r.article_id = a.id),
           'retracted_at', (SELECT r.retracted_at FROM retractions r WHERE r.article_id = a.id)) AS ending,
       -- The changes to it that readers do not see yet, in short; null when there are none.
       (SELECT json_build_object('version', w.version, 'base_version', w.base_version, 'updated_at', w.updated_at,
                                 'publish_at', w.publish_at, 'failure', w.failure::json)
        FROM working_copies w WHERE w.article_id = a.id AND w.base_version IS NOT NULL) AS working_copy,
       -- Who edits it now.
       (SELECT json_build_object(
           'kind', l.holder_kind, 'id', l.holder_id, 'since', l.taken_at, 'until', l.expires_at,
           'name', CASE l.holder_kind WHEN 'user' THEN (SELECT u.name FROM users u WHERE u.id = l.holder_id)
                                      ELSE (SELECT t.name FROM api_tokens t WHERE t.id = l.holder_id) END)
        FROM article_locks l
        WHERE l.article_id = a.id AND l.expires_at > now()) AS held_lock,
       coalesce(a.published_at, '0001-01-01 00:00:00+00'::timestamptz) AS sort_published_at,
       -- When readers were told that it says something else, and when anything that it shows was last
       -- changed; of published articles.
       greatest(coalesce(a.told_updated_at, a.updated_at), a.published_at, a.embargo_until) AS public_updated_at,
       greatest(a.updated_at, a.published_at, a.embargo_until,
           (SELECT max(t.updated_at) FROM article_tags x JOIN tags t ON t.id = x.tag_id
            WHERE x.article_id = a.id),
           (SELECT max(w.updated_at) FROM article_authors x JOIN authors w ON w.id = x.author_id
            WHERE x.article_id = a.id),
           (SELECT s.updated_at FROM tags s WHERE s.id = a.section_id),
           (SELECT max(p.updated_at) FROM tag_ancestors x JOIN tags p ON p.id = x.ancestor_id
            WHERE x.tag_id = a.section_id)) AS public_changed_at
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
-- so a scheduled article appears without a job.
CREATE VIEW public_articles AS
SELECT id, slug, canonical_url, language, section_id, public_updated_at AS updated_at, published_at,
       to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS published_on, body, body_html,
       summary_json, details_json, made_of, rendered_changed_at,
       CAST(floor(extract(epoch FROM unpublish_at - now()) * 1000) AS bigint) AS expires_in,
       coalesce(f.rendered_version = f.version AND f.rendered_by = {read_model}, false)
       AND NOT EXISTS (SELECT 1 FROM stale WHERE projection = 'read_model') AS is_rendered
FROM full_articles f
WHERE status = 'published'
  AND published_at <= now()
  AND (embargo_until IS NULL OR embargo_until <= now())
  AND (unpublish_at IS NULL OR unpublish_at > now());

-- What was published in the last 48 hours, and in how many milliseconds it was not any more.
CREATE VIEW public_news AS
SELECT id, published_at,
       CAST(floor(extract(epoch FROM published_at + interval '48 hours' - now()) * 1000) AS bigint) AS leaves_in
FROM public_articles
WHERE published_at > now() - interval '48 hours';

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
FROM share_totals t JOIN public_articles p ON p.id = t.article_id;

-- Everything in the search index, public or not.
CREATE VIEW search_matches AS
SELECT s.words, e.article_id
FROM article_search s JOIN search_entries e ON e.position = s.position;

-- What the public may see now, in the order of the search index.
CREATE VIEW public_articles_by_search AS
SELECT s.words, s.position, p.id, p.slug, p.language, p.section_id, p.updated_at, p.published_at
FROM article_search s
JOIN search_entries e ON e.position = s.position
JOIN public_articles p ON p.id = e.article_id;

-- In how many milliseconds the clock alone changes what is public; null when never.
CREATE VIEW public_horizon AS
SELECT 1 AS id,
       CAST(floor(extract(epoch FROM min(instant) - now()) * 1000) AS bigint) AS milliseconds
FROM (SELECT min(published_at) AS instant FROM articles
      WHERE status = 'published' AND published_at > now()
      UNION ALL
      SELECT min(embargo_until) FROM articles
      WHERE status = 'published' AND embargo_until IS NOT NULL AND embargo_until > now()
      UNION ALL
      SELECT min(unpublish_at) FROM articles
      WHERE status = 'published' AND unpublish_at IS NOT NULL AND unpublish_at > now()) AS next;

-- How many articles are public: from three indexes, since nearly all that are published are.
CREATE VIEW public_count AS
SELECT 1 AS id,
       (SELECT count(*) FROM articles
        WHERE status = 'published' AND published_at <= now())
       - (SELECT count(*) FROM articles
          WHERE status = 'published' AND embargo_until IS NOT NULL
            AND embargo_until > now()
            AND published_at <= now())
       - (SELECT count(*) FROM articles
          WHERE status = 'published' AND unpublish_at IS NOT NULL
            AND unpublish_at <= now()
            AND published_at <= now()
            AND (embargo_until IS NULL OR embargo_until <= now())) AS articles;

-- Published articles that the public may not see yet, or not any more: few, since the server takes those back whose
-- time is over.
CREATE VIEW hidden_articles AS
SELECT id, section_id FROM articles WHERE status = 'published' AND published_at > now()
UNION ALL
SELECT id, section_id FROM articles
WHERE status = 'published' AND embargo_until IS NOT NULL AND embargo_until > now()
  AND published_at <= now()
UNION ALL
SELECT id, section_id FROM articles
WHERE status = 'published' AND unpublish_at IS NOT NULL AND unpublish_at <= now()
  AND published_at <= now()
  AND (embargo_until IS NULL OR embargo_until <= now());

-- How many of them each tag, section and author has.
CREATE VIEW hidden_article_counts AS
SELECT owner_id, count(*) AS articles FROM (
    SELECT x.tag_id AS owner_id FROM hidden_articles h JOIN article_tags x ON x.article_id = h.id
    UNION ALL SELECT x.author_id FROM hidden_articles h JOIN article_authors x ON x.article_id = h.id
    UNION ALL SELECT section_id FROM hidden_articles WHERE section_id IS NOT NULL
) AS owned GROUP BY owner_id;

-- What is in the search index and not public yet: what a count of all matches has too many.
CREATE VIEW hidden_matches AS
SELECT s.words AS words, s.position AS position
FROM hidden_articles h
JOIN search_entries e ON e.article_id = h.id
JOIN article_search s ON s.position = e.position;

-- Articles whose time has come, and of which the log has not said that they appeared.
CREATE VIEW due_appearances AS
SELECT article_id, due_at FROM appearances WHERE due_at <= now();

-- Published articles that the clock has hidden, and that the server has not taken back yet.
CREATE VIEW due_expiries AS
SELECT id AS article_id, unpublish_at AS due_at FROM articles
WHERE status = 'published' AND unpublish_at IS NOT NULL AND unpublish_at <= now();

-- In how many milliseconds the next article appears or expires, or a working copy is published, fewer than none when
-- that has come and was not done; null when none will.
CREATE VIEW next_clock_event AS
SELECT 1 AS id,
       CAST(floor(extract(epoch FROM min(due_at) - now()) * 1000) AS bigint) AS milliseconds
FROM (SELECT min(due_at) AS due_at FROM appearances
      UNION ALL
      SELECT min(unpublish_at) FROM articles
      WHERE status = 'published' AND unpublish_at IS NOT NULL
      UNION ALL
      SELECT min(publish_at) FROM working_copies WHERE publish_at IS NOT NULL) AS next;

-- Working copies whose time has come.
CREATE VIEW due_working_copies AS
SELECT article_id, publish_at AS due_at, scheduled_by_kind, scheduled_by_id
FROM working_copies WHERE publish_at IS NOT NULL AND publish_at <= now();

-- The slots of collections that are to be shown now, whatever their articles are.
CREATE VIEW current_slots AS
SELECT collection_id, position, article_id, headline, label FROM collection_slots
WHERE (shown_from IS NULL OR shown_from <= now()) AND (shown_until IS NULL OR shown_until > now());

-- In how many milliseconds the clock alone shows or hides a slot, for each instant at which it does.
CREATE VIEW slot_changes AS
SELECT collection_id, position,
       CAST(floor(extract(epoch FROM shown_from - now()) * 1000) AS bigint) AS milliseconds
FROM collection_slots WHERE shown_from > now()
UNION ALL
SELECT collection_id, position,
       CAST(floor(extract(epoch FROM shown_until - now()) * 1000) AS bigint)
FROM collection_slots WHERE shown_until > now();

-- What readers may see of corrections: those of public articles.
CREATE VIEW public_corrections AS
SELECT c.id, c.kind, c.text, c.published_at, c.article_id
FROM corrections c JOIN public_articles p ON p.id = c.article_id;

-- Locks that have not run out.
CREATE VIEW held_locks AS
SELECT article_id, holder_kind, holder_id, taken_at, expires_at FROM article_locks
WHERE expires_at > now();

-- Published articles that readers do not see yet, each with when they will.
CREATE VIEW scheduled_articles AS
SELECT article_id, due_at FROM appearances WHERE due_at > now();

-- What the clock will do to published articles.
CREATE VIEW coming_changes AS
SELECT 'appears' AS change, article_id, due_at FROM appearances WHERE due_at > now()
UNION ALL
SELECT 'expires' AS change, id AS article_id, unpublish_at AS due_at FROM articles
WHERE status = 'published' AND unpublish_at IS NOT NULL AND unpublish_at > now()
UNION ALL
SELECT 'working_copy' AS change, article_id, publish_at AS due_at FROM working_copies
WHERE publish_at IS NOT NULL AND publish_at > now();

-- Working copies that could not be published at their time, and what the clock should have led to a minute ago, and has not: published articles whose end has come and that are not
-- taken back, and those that readers see and of which the log does not say so.
CREATE VIEW overdue_changes AS
SELECT 'not_taken_back' AS reason, id AS article_id, unpublish_at AS due_at FROM articles
WHERE status = 'published' AND unpublish_at IS NOT NULL AND unpublish_at <= now() - interval '60 seconds'
UNION ALL
SELECT 'not_announced' AS reason, article_id, due_at FROM appearances WHERE due_at <= now() - interval '60 seconds'
UNION ALL
SELECT 'working_copy_refused' AS reason, article_id, (failure::json ->> 'publish_at')::timestamptz AS due_at
FROM working_copies WHERE failure IS NOT NULL;
