-- Who a person is at an identity provider (OpenID Connect): its issuer and its name for them, for good.
CREATE TABLE identities (
    issuer text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    -- One identity each: another one takes over nobody's account.
    user_id uuid NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    -- Whether groups of the provider have given them their role.
    role_by_groups integer NOT NULL CHECK (role_by_groups IN (0, 1)),
    linked_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);

-- Sign-ins that came back from the provider: each `state` is good once. Once the person is known, with the one-time
-- code that their client exchanges for tokens, which stays until it is used.
CREATE TABLE provider_sign_ins (
    state_hash bytea PRIMARY KEY NOT NULL,
    expires_at timestamptz NOT NULL,
    code_hash bytea UNIQUE,
    code_challenge text COLLATE "C",
    code_expires_at timestamptz,
    user_id uuid REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX provider_sign_ins_by_expiry ON provider_sign_ins (expires_at);
CREATE INDEX provider_sign_ins_by_user ON provider_sign_ins (user_id) WHERE user_id IS NOT NULL;
