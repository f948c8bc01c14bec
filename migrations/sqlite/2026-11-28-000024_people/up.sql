-- People are changed over HTTP, guarded by a version. Who was invited and has no password yet has '' for its hash,
-- which is the hash of nothing.
ALTER TABLE users ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- What people are shown of their sign-ins goes from one refresh token of a sign-in to the next. Those of before have
-- neither.
ALTER TABLE refresh_tokens ADD COLUMN begun_at TEXT;
ALTER TABLE refresh_tokens ADD COLUMN user_agent TEXT;
CREATE INDEX refresh_tokens_unused_by_user ON refresh_tokens (user_id, created_at)
    WHERE used_at IS NULL AND revoked_at IS NULL;

-- Who created a token; null for the command line and for another token.
ALTER TABLE api_tokens ADD COLUMN created_by BLOB REFERENCES users (id) ON DELETE SET NULL;

-- Links by which people set a password, once: an invitation, or a reset of one that was forgotten.
CREATE TABLE password_links (
    token_hash BLOB PRIMARY KEY NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    withdrawn_at TEXT
) STRICT;
CREATE INDEX password_links_by_user ON password_links (user_id);
CREATE INDEX password_links_by_expiry ON password_links (expires_at);
