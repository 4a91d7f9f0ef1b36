-- One text for PostgreSQL and SQLite: the latter takes any column type name.
-- No serial keys, no now(), no triggers: every value comes from the application.

CREATE TABLE consents (
  consent_id          TEXT PRIMARY KEY,
  dc_id               TEXT NOT NULL,
  dp_id               TEXT NOT NULL,
  consent_type        TEXT NOT NULL,
  purpose             TEXT NOT NULL,
  permissions         JSONB NOT NULL,
  status              TEXT NOT NULL,
  reason              JSONB,
  expires_at          TIMESTAMPTZ NOT NULL,
  decide_by           TIMESTAMPTZ NOT NULL,
  customer_id         TEXT,
  created_at          TIMESTAMPTZ NOT NULL,
  platform_updated_at TIMESTAMPTZ,
  changed_at          TIMESTAMPTZ NOT NULL,
  version             INTEGER NOT NULL
);
CREATE INDEX consents_undecided ON consents (status, decide_by);
CREATE INDEX consents_by_customer ON consents (customer_id);

-- The identifiers we issue for the bank's accounts. The bank's own reference never leaves.
CREATE TABLE accounts (
  account_id     TEXT PRIMARY KEY,
  customer_id    TEXT NOT NULL,
  bank_reference TEXT NOT NULL,
  UNIQUE (customer_id, bank_reference)
);

CREATE TABLE consent_accounts (
  consent_id TEXT NOT NULL REFERENCES consents,
  account_id TEXT NOT NULL REFERENCES accounts,
  PRIMARY KEY (consent_id, account_id)
);

-- Every event as it came, once.
CREATE TABLE consent_events (
  consent_id  TEXT NOT NULL,
  event_type  TEXT NOT NULL,
  body_sha256 TEXT NOT NULL,
  body        TEXT NOT NULL,
  received_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (consent_id, event_type, body_sha256)
);

-- The primary key is the promise that a consent is decided once.
CREATE TABLE decisions (
  consent_id  TEXT PRIMARY KEY REFERENCES consents,
  decision    TEXT NOT NULL,
  customer_id TEXT,
  sign_in     JSONB,
  decided_at  TIMESTAMPTZ NOT NULL
);

CREATE TABLE receipts (
  consent_id    TEXT PRIMARY KEY REFERENCES consents,
  language      TEXT NOT NULL,
  template_hash TEXT NOT NULL,
  text          TEXT NOT NULL,
  sha256        TEXT NOT NULL,
  created_at    TIMESTAMPTZ NOT NULL
);

-- What PayNet must still be told. Facts, never tokens.
CREATE TABLE outbox (
  id              TEXT PRIMARY KEY,
  consent_id      TEXT NOT NULL,
  intent          JSONB NOT NULL,
  attempts        INTEGER NOT NULL,
  next_attempt_at TIMESTAMPTZ NOT NULL,
  locked_until    TIMESTAMPTZ,
  parked_at       TIMESTAMPTZ,
  last_error      TEXT,
  created_at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_attempt_at);
CREATE INDEX outbox_by_consent ON outbox (consent_id);

-- Both kinds of secret are stored as SHA-256 only.
CREATE TABLE authorization_handles (
  handle_sha256 TEXT PRIMARY KEY,
  consent_id    TEXT NOT NULL,
  redirect_uri  TEXT NOT NULL,
  expires_at    TIMESTAMPTZ NOT NULL
);

CREATE TABLE authorization_sessions (
  session_sha256 TEXT PRIMARY KEY,
  consent_id     TEXT NOT NULL UNIQUE,
  state          JSONB NOT NULL,
  version        INTEGER NOT NULL,
  expires_at     TIMESTAMPTZ NOT NULL
);

-- Replay protection for signed requests.
CREATE TABLE seen_tokens (
  issuer     TEXT NOT NULL,
  jti        TEXT NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (issuer, jti)
);

CREATE TABLE throttles (
  subject  TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  until    TIMESTAMPTZ NOT NULL
);

-- Random values that all replicas share and nobody chose. They protect no data.
CREATE TABLE installation_secrets (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- Who read what, and when. Append only.
CREATE TABLE access_log (
  id             TEXT PRIMARY KEY,
  at             TIMESTAMPTZ NOT NULL,
  consent_id     TEXT NOT NULL,
  dc_id          TEXT NOT NULL,
  customer_id    TEXT,
  account_id     TEXT NOT NULL,
  category       TEXT NOT NULL,
  outcome        TEXT NOT NULL,
  interaction_id TEXT NOT NULL
);
CREATE INDEX access_log_by_consent ON access_log (consent_id, at);

-- One hash chain per consent; seq is the consent's version. Append only.
CREATE TABLE ledger (
  consent_id TEXT NOT NULL,
  seq        INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  data       TEXT NOT NULL,
  at         TIMESTAMPTZ NOT NULL,
  hash       TEXT NOT NULL,
  PRIMARY KEY (consent_id, seq)
);
