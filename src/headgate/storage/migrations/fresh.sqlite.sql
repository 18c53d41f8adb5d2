CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, 
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE exchanges (
    id TEXT NOT NULL, 
    created_at DOUBLE NOT NULL, 
    user_id TEXT, 
    backend_id TEXT, 
    endpoint TEXT NOT NULL, 
    dialect TEXT NOT NULL, 
    request_model TEXT NOT NULL, 
    routed_model TEXT, 
    response_model TEXT, 
    prompt_tokens BIGINT, 
    completion_tokens BIGINT, 
    cached_tokens BIGINT, 
    reasoning_tokens BIGINT, 
    total_tokens BIGINT, 
    usage_source TEXT, 
    cost_usd DOUBLE, 
    status_code BIGINT NOT NULL, 
    outcome TEXT NOT NULL, 
    error_message TEXT, 
    attempts BIGINT NOT NULL, 
    time_to_first_event_ms DOUBLE, 
    response_time_ms DOUBLE, 
    overhead_us BIGINT, 
    stream BOOLEAN NOT NULL, 
    detail_logged BOOLEAN NOT NULL, 
    session TEXT, 
    losses TEXT NOT NULL, 
    PRIMARY KEY (id)
);

CREATE INDEX exchanges_by_time ON exchanges (created_at, id);

CREATE INDEX exchanges_by_user ON exchanges (user_id, created_at);

CREATE INDEX exchanges_by_backend ON exchanges (backend_id, created_at);

CREATE INDEX exchanges_by_request_model ON exchanges (request_model, created_at);

CREATE INDEX exchanges_by_routed_model ON exchanges (routed_model, created_at);

CREATE INDEX exchanges_by_outcome ON exchanges (outcome, created_at);

CREATE TABLE exchange_bodies (
    exchange_id TEXT NOT NULL, 
    request_body TEXT, 
    response_body TEXT, 
    PRIMARY KEY (exchange_id), 
    FOREIGN KEY(exchange_id) REFERENCES exchanges (id) ON DELETE CASCADE
);

CREATE TABLE attempts (
    exchange_id TEXT NOT NULL, 
    attempt BIGINT NOT NULL, 
    at DOUBLE NOT NULL, 
    backend_id TEXT NOT NULL, 
    routed_model TEXT NOT NULL, 
    outcome TEXT NOT NULL, 
    status_code BIGINT, 
    error_message TEXT, 
    prompt_tokens BIGINT, 
    completion_tokens BIGINT, 
    cached_tokens BIGINT, 
    reasoning_tokens BIGINT, 
    usage_source TEXT, 
    cost_usd DOUBLE, 
    time_to_first_event_ms DOUBLE, 
    duration_ms DOUBLE, 
    PRIMARY KEY (exchange_id, attempt)
);

CREATE INDEX attempts_by_time ON attempts (at);

CREATE INDEX attempts_by_backend ON attempts (backend_id, at);

INSERT INTO alembic_version (version_num) VALUES ('0001') RETURNING version_num;

CREATE TABLE directory_version (
    id BIGINT NOT NULL, 
    version BIGINT NOT NULL, 
    reloads BIGINT NOT NULL, 
    secret_id BLOB, 
    PRIMARY KEY (id)
);

INSERT INTO directory_version (id, version, reloads) VALUES (1, 1, 0);

CREATE TABLE users (
    id TEXT NOT NULL, 
    name TEXT NOT NULL, 
    email TEXT, 
    is_active BOOLEAN NOT NULL, 
    detail_logging BOOLEAN NOT NULL, 
    copy_reasoning_to_reasoning_content BOOLEAN NOT NULL, 
    limits TEXT NOT NULL, 
    models TEXT, 
    key_hint TEXT, 
    created_at DOUBLE NOT NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT users_name UNIQUE (name)
);

CREATE TABLE keys (
    id TEXT NOT NULL, 
    user_id TEXT NOT NULL, 
    digest BLOB NOT NULL, 
    hint TEXT NOT NULL, 
    created_at DOUBLE NOT NULL, 
    expires_at DOUBLE, 
    revoked_at DOUBLE, 
    last_used_at DOUBLE, 
    backends TEXT, 
    models TEXT, 
    paths TEXT, 
    cidrs TEXT, 
    PRIMARY KEY (id), 
    CONSTRAINT keys_digest UNIQUE (digest), 
    FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX keys_by_user ON keys (user_id, created_at);

CREATE TABLE permissions (
    user_id TEXT NOT NULL, 
    backend_id TEXT NOT NULL, 
    PRIMARY KEY (user_id, backend_id)
);

CREATE INDEX permissions_by_backend ON permissions (backend_id);

CREATE TABLE backends (
    id TEXT NOT NULL, 
    name TEXT NOT NULL, 
    base_url TEXT NOT NULL, 
    speaks TEXT NOT NULL, 
    is_active BOOLEAN NOT NULL, 
    detail_logging BOOLEAN NOT NULL, 
    api_key_sealed BLOB, 
    settings TEXT NOT NULL, 
    created_at DOUBLE NOT NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT backends_name UNIQUE (name)
);

CREATE TABLE rewrites (
    id TEXT NOT NULL, 
    source_model TEXT NOT NULL, 
    target_model TEXT NOT NULL, 
    force BOOLEAN NOT NULL, 
    is_active BOOLEAN NOT NULL, 
    note TEXT NOT NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT rewrites_source_model UNIQUE (source_model)
);

CREATE TABLE models (
    id TEXT NOT NULL, 
    name TEXT NOT NULL, 
    settings TEXT NOT NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT models_name UNIQUE (name)
);

CREATE TABLE policies (
    id TEXT NOT NULL, 
    position BIGINT NOT NULL, 
    entry TEXT NOT NULL, 
    is_active BOOLEAN NOT NULL, 
    PRIMARY KEY (id)
);

CREATE TABLE settings (
    name TEXT NOT NULL, 
    value TEXT NOT NULL, 
    PRIMARY KEY (name)
);

CREATE TABLE admin_tokens (
    id TEXT NOT NULL, 
    name TEXT NOT NULL, 
    role TEXT NOT NULL, 
    digest BLOB NOT NULL, 
    hint TEXT NOT NULL, 
    created_at DOUBLE NOT NULL, 
    expires_at DOUBLE, 
    PRIMARY KEY (id), 
    CONSTRAINT admin_tokens_digest UNIQUE (digest)
);

CREATE TABLE admin_sessions (
    digest BLOB NOT NULL, 
    data TEXT NOT NULL, 
    expires_at DOUBLE NOT NULL, 
    PRIMARY KEY (digest)
);

CREATE INDEX admin_sessions_by_expiry ON admin_sessions (expires_at);

CREATE TABLE audit (
    id BIGINT NOT NULL, 
    at DOUBLE NOT NULL, 
    actor TEXT NOT NULL, 
    action TEXT NOT NULL, 
    subject TEXT NOT NULL, 
    detail TEXT NOT NULL, 
    chain BLOB NOT NULL, 
    PRIMARY KEY (id)
);

UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001';

ALTER TABLE exchanges ADD COLUMN policies TEXT;

ALTER TABLE exchanges ADD COLUMN tags TEXT;

UPDATE alembic_version SET version_num='0003' WHERE alembic_version.version_num = '0002';

ALTER TABLE keys ADD COLUMN limits TEXT DEFAULT '{}' NOT NULL;

ALTER TABLE exchanges ADD COLUMN key_id TEXT;

CREATE INDEX exchanges_by_key ON exchanges (key_id, created_at);

UPDATE alembic_version SET version_num='0004' WHERE alembic_version.version_num = '0003';

CREATE TABLE administrators (
    id TEXT NOT NULL, 
    name TEXT NOT NULL, 
    role TEXT NOT NULL, 
    password_hash TEXT NOT NULL, 
    is_active BOOLEAN NOT NULL, 
    generation BIGINT NOT NULL, 
    created_at DOUBLE NOT NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT administrators_name UNIQUE (name)
);

CREATE TABLE audit_end (
    id BIGINT NOT NULL, 
    row_id BIGINT NOT NULL, 
    chain BLOB NOT NULL, 
    seal BLOB NOT NULL, 
    PRIMARY KEY (id)
);

UPDATE alembic_version SET version_num='0005' WHERE alembic_version.version_num = '0004';

CREATE TABLE stored_responses (
    "key" TEXT NOT NULL, 
    owner TEXT NOT NULL, 
    id TEXT NOT NULL, 
    created_at DOUBLE NOT NULL, 
    used_at DOUBLE NOT NULL, 
    status TEXT NOT NULL, 
    background BOOLEAN NOT NULL, 
    root TEXT NOT NULL, 
    previous TEXT, 
    backend TEXT, 
    session TEXT, 
    input TEXT NOT NULL, 
    response TEXT NOT NULL, 
    worker TEXT, 
    alive_at DOUBLE, 
    PRIMARY KEY ("key")
);

CREATE INDEX stored_responses_by_id ON stored_responses (owner, id, created_at);

CREATE INDEX stored_responses_by_root ON stored_responses (root);

CREATE INDEX stored_responses_by_use ON stored_responses (used_at);

CREATE INDEX stored_responses_by_worker ON stored_responses (worker);

CREATE TABLE stored_events (
    "key" TEXT NOT NULL, 
    part BIGINT NOT NULL, 
    data BLOB NOT NULL, 
    PRIMARY KEY ("key", part), 
    FOREIGN KEY("key") REFERENCES stored_responses ("key") ON DELETE CASCADE
);

CREATE TABLE stored_items (
    "key" TEXT NOT NULL, 
    id TEXT NOT NULL, 
    owner TEXT NOT NULL, 
    PRIMARY KEY ("key", id), 
    FOREIGN KEY("key") REFERENCES stored_responses ("key") ON DELETE CASCADE
);

CREATE INDEX stored_items_by_owner ON stored_items (owner, id);

CREATE TABLE conversations (
    owner TEXT NOT NULL, 
    id TEXT NOT NULL, 
    created_at DOUBLE NOT NULL, 
    used_at DOUBLE NOT NULL, 
    metadata TEXT NOT NULL, 
    PRIMARY KEY (owner, id)
);

CREATE INDEX conversations_by_use ON conversations (used_at);

CREATE TABLE conversation_items (
    owner TEXT NOT NULL, 
    conversation TEXT NOT NULL, 
    position BIGINT NOT NULL, 
    id TEXT NOT NULL, 
    item TEXT NOT NULL, 
    PRIMARY KEY (owner, conversation, position), 
    FOREIGN KEY(owner, conversation) REFERENCES conversations (owner, id) ON DELETE CASCADE
);

CREATE INDEX conversation_items_by_id ON conversation_items (owner, id);

UPDATE alembic_version SET version_num='0006' WHERE alembic_version.version_num = '0005';

ALTER TABLE exchanges ADD COLUMN user_name TEXT;

ALTER TABLE exchanges ADD COLUMN backend_name TEXT;

ALTER TABLE attempts ADD COLUMN user_id TEXT;

ALTER TABLE attempts ADD COLUMN backend_name TEXT;

ALTER TABLE attempts ADD COLUMN price_version TEXT;

CREATE TABLE series (
    id INTEGER NOT NULL, 
    level BIGINT NOT NULL, 
    user_id TEXT NOT NULL, 
    backend_id TEXT NOT NULL, 
    request_model TEXT NOT NULL, 
    routed_model TEXT NOT NULL, 
    last_day BIGINT NOT NULL, 
    PRIMARY KEY (id), 
    CONSTRAINT series_key UNIQUE (level, user_id, backend_id, request_model, routed_model)
);

CREATE TABLE figures (
    series BIGINT NOT NULL, 
    day BIGINT NOT NULL, 
    requests BIGINT NOT NULL, 
    errors BIGINT NOT NULL, 
    streams BIGINT NOT NULL, 
    prompt_tokens BIGINT NOT NULL, 
    completion_tokens BIGINT NOT NULL, 
    cached_tokens BIGINT NOT NULL, 
    reasoning_tokens BIGINT NOT NULL, 
    total_tokens BIGINT NOT NULL, 
    cost_usd DOUBLE NOT NULL, 
    PRIMARY KEY (series, day)
)
 WITHOUT ROWID;

CREATE TABLE tallies (
    measure BIGINT NOT NULL, 
    series BIGINT NOT NULL, 
    day BIGINT NOT NULL, 
    bucket BIGINT NOT NULL, 
    n BIGINT NOT NULL, 
    total DOUBLE NOT NULL, 
    PRIMARY KEY (measure, series, day, bucket)
)
 WITHOUT ROWID;

CREATE TABLE known_names (
    kind TEXT NOT NULL, 
    id TEXT NOT NULL, 
    name TEXT NOT NULL, 
    last_day BIGINT NOT NULL, 
    PRIMARY KEY (kind, id, name)
);

CREATE TABLE log_horizon (
    id BIGINT NOT NULL, 
    at DOUBLE NOT NULL, 
    PRIMARY KEY (id)
);

DROP INDEX exchanges_by_user;

CREATE INDEX exchanges_by_user ON exchanges (user_id, created_at, id);

DROP INDEX exchanges_by_backend;

CREATE INDEX exchanges_by_backend ON exchanges (backend_id, created_at, id);

DROP INDEX exchanges_by_request_model;

CREATE INDEX exchanges_by_request_model ON exchanges (request_model, created_at, id);

DROP INDEX exchanges_by_routed_model;

CREATE INDEX exchanges_by_routed_model ON exchanges (routed_model, created_at, id);

DROP INDEX exchanges_by_outcome;

CREATE INDEX exchanges_by_outcome ON exchanges (outcome, created_at, id);

CREATE INDEX exchanges_by_detail ON exchanges (detail_logged, created_at, id);

CREATE INDEX exchanges_by_session ON exchanges (session, created_at, id);

CREATE INDEX exchanges_by_error ON exchanges (created_at) WHERE error_message IS NOT NULL;

UPDATE alembic_version SET version_num='0007' WHERE alembic_version.version_num = '0006';

DROP INDEX exchanges_by_key;

CREATE INDEX exchanges_by_key ON exchanges (key_id, created_at) WHERE key_id IS NOT NULL;

DROP INDEX exchanges_by_routed_model;

CREATE INDEX exchanges_by_routed_model ON exchanges (routed_model, created_at, id) WHERE routed_model <> request_model;

DROP INDEX exchanges_by_outcome;

CREATE INDEX exchanges_by_outcome ON exchanges (outcome, created_at, id) WHERE outcome <> 'complete';

DROP INDEX exchanges_by_detail;

CREATE INDEX exchanges_by_detail ON exchanges (created_at, id) WHERE detail_logged;

DROP INDEX exchanges_by_session;

CREATE INDEX exchanges_by_session ON exchanges (session, created_at, id) WHERE session IS NOT NULL;

DROP INDEX attempts_by_backend;

UPDATE alembic_version SET version_num='0008' WHERE alembic_version.version_num = '0007';

