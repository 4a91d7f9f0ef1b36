-- Evidence that is provable years later (docs/decisions/0009-evidence.md). What is personal stands beside its salted hash, so that
-- retention can erase it and the chains still verify.

-- One hash chain per consent, and one of the installation itself. Append only. Entries of before have no data_sha256: their hash covers
-- the data itself.
CREATE TABLE ledger_salted (
  chain       TEXT NOT NULL,
  seq         INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  at          TIMESTAMPTZ NOT NULL,
  data        TEXT,
  salt        TEXT,
  data_sha256 TEXT,
  hash        TEXT NOT NULL,
  PRIMARY KEY (chain, seq)
);
INSERT INTO ledger_salted (chain, seq, kind, at, data, hash)
  SELECT consent_id, seq, kind, at, data, hash FROM ledger;
DROP TABLE ledger;
ALTER TABLE ledger_salted RENAME TO ledger;
CREATE INDEX ledger_by_time ON ledger (at);

-- Who read what, and when: a hash chain per segment, and each segment is one process's. Append only. Rows of before were in no chain.
DROP TABLE access_log;
CREATE TABLE access_log (
  segment         TEXT NOT NULL,
  position        INTEGER NOT NULL,
  at              TIMESTAMPTZ NOT NULL,
  consent_id      TEXT NOT NULL,
  dc_id           TEXT NOT NULL,
  category        TEXT NOT NULL,
  outcome         TEXT NOT NULL,
  interaction_id  TEXT NOT NULL,
  customer_id     TEXT,
  account_id      TEXT,
  salt            TEXT,
  personal_sha256 TEXT NOT NULL,
  hash            TEXT NOT NULL,
  PRIMARY KEY (segment, position)
);
CREATE INDEX access_log_by_consent ON access_log (consent_id, at);
CREATE INDEX access_log_by_time ON access_log (at);

-- Signed by us, each naming the one before it. Append only.
CREATE TABLE checkpoints (
  number INTEGER PRIMARY KEY,
  at     TIMESTAMPTZ NOT NULL,
  jws    TEXT NOT NULL
);

-- What a checkpoint covers: of a chain (log = ledger) or segment (log = access), the entries from first_seq to last_seq, of which the
-- last has the hash head. Append only.
CREATE TABLE checkpoint_stretches (
  log        TEXT NOT NULL,
  chain      TEXT NOT NULL,
  last_seq   INTEGER NOT NULL,
  first_seq  INTEGER NOT NULL,
  head       TEXT NOT NULL,
  checkpoint INTEGER NOT NULL REFERENCES checkpoints,
  PRIMARY KEY (log, chain, last_seq)
);
CREATE INDEX checkpoint_stretches_by_checkpoint ON checkpoint_stretches (checkpoint);

-- For retention: what has ended, what is erased, and which accounts nobody needs any more.
ALTER TABLE consents ADD COLUMN erased_at TIMESTAMPTZ;
CREATE INDEX consents_ended ON consents (status, changed_at);
CREATE INDEX consent_accounts_by_account ON consent_accounts (account_id);

-- For exports.
CREATE INDEX decisions_by_customer ON decisions (customer_id);
CREATE INDEX consent_events_by_time ON consent_events (received_at);
