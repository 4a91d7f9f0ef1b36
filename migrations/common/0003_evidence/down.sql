DROP INDEX consent_events_by_time;
DROP INDEX decisions_by_customer;
DROP INDEX consent_accounts_by_account;
DROP INDEX consents_ended;
ALTER TABLE consents DROP COLUMN erased_at;
DROP TABLE checkpoint_stretches;
DROP TABLE checkpoints;

DROP TABLE access_log;
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

-- Entries with a salted hash cannot be what they were before: they would not verify.
CREATE TABLE ledger_unsalted (
  consent_id TEXT NOT NULL,
  seq        INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  data       TEXT NOT NULL,
  at         TIMESTAMPTZ NOT NULL,
  hash       TEXT NOT NULL,
  PRIMARY KEY (consent_id, seq)
);
INSERT INTO ledger_unsalted (consent_id, seq, kind, data, at, hash)
  SELECT chain, seq, kind, data, at, hash FROM ledger WHERE data_sha256 IS NULL;
DROP TABLE ledger;
ALTER TABLE ledger_unsalted RENAME TO ledger;
