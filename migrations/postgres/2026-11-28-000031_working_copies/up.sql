-- Changes to published articles that readers do not see yet. A row stays when its copy is published or discarded, so that
-- `version` never names two of them; `base_version` and `document` are null then. `document` and `blocks` are as
-- those of revisions.
CREATE TABLE working_copies (
    article_id uuid PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    base_version bigint,
    document bytea,
    blocks bytea,
    note text COLLATE "C",
    created_at timestamptz NOT NULL,
    created_by_kind text COLLATE "C" NOT NULL,
    created_by_id uuid,
    updated_at timestamptz NOT NULL,
    updated_by_kind text COLLATE "C" NOT NULL,
    updated_by_id uuid,
    -- When it is published by itself, by whom that was said, and what was said with it, as JSON.
    publish_at timestamptz,
    scheduled_by_kind text COLLATE "C",
    scheduled_by_id uuid,
    scheduled_with text COLLATE "C",
    -- Why that did not come about, as JSON.
    failure text COLLATE "C"
);
CREATE INDEX working_copies_by_time ON working_copies (publish_at, article_id) WHERE publish_at IS NOT NULL;
CREATE INDEX working_copies_begun ON working_copies (article_id) WHERE base_version IS NOT NULL;
CREATE INDEX working_copies_failed ON working_copies (article_id) WHERE failure IS NOT NULL;
