-- Who needs PayNet's word on a consent may have its delivery made at once, not again before this, and not before PayNet lets us.
ALTER TABLE outbox ADD COLUMN hasten_after TIMESTAMPTZ;

-- How far the comparison with PayNet has come: one row, which one replica at a time has leased.
CREATE TABLE reconcile_cursor (
  name         TEXT PRIMARY KEY,
  after_id     TEXT NOT NULL,
  checked      BIGINT NOT NULL,
  started_at   TIMESTAMPTZ NOT NULL,
  finished_at  TIMESTAMPTZ,
  not_before   TIMESTAMPTZ,
  locked_until TIMESTAMPTZ,
  holder       TEXT
);

-- Where PayNet has a consent otherwise. Closed when it is so no more.
CREATE TABLE differences (
  consent_id TEXT NOT NULL,
  kind       TEXT NOT NULL,
  ours       TEXT NOT NULL,
  theirs     TEXT NOT NULL,
  found_at   TIMESTAMPTZ NOT NULL,
  seen_at    TIMESTAMPTZ NOT NULL,
  closed_at  TIMESTAMPTZ,
  outcome    TEXT,
  PRIMARY KEY (consent_id, kind)
);
CREATE INDEX differences_open ON differences (closed_at, found_at);
