-- Changes to published articles that readers do not see yet. A row stays when its copy is published or discarded, so that
-- `version` never names two of them; `base_version` and `document` are null then. `document` and `blocks` are as
-- those of revisions.
CREATE TABLE working_copies (
    article_id BLOB PRIMARY KEY NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    base_version INTEGER,
    document BLOB,
    blocks BLOB,
    note TEXT,
    created_at TEXT NOT NULL,
    created_by_kind TEXT NOT NULL,
    created_by_id BLOB,
    updated_at TEXT NOT NULL,
    updated_by_kind TEXT NOT NULL,
    updated_by_id BLOB,
    -- When it is published by itself, by whom that was said, and what was said with it, as JSON.
    publish_at TEXT,
    scheduled_by_kind TEXT,
    scheduled_by_id BLOB,
    scheduled_with TEXT,
    -- Why that did not come about, as JSON.
    failure TEXT
) STRICT;
CREATE INDEX working_copies_by_time ON working_copies (publish_at, article_id) WHERE publish_at IS NOT NULL;
CREATE INDEX working_copies_begun ON working_copies (article_id) WHERE base_version IS NOT NULL;
CREATE INDEX working_copies_failed ON working_copies (article_id) WHERE failure IS NOT NULL;
