-- For queries that read a whole table otherwise. A large database may have them already, made CONCURRENTLY under the same names.

-- The newest first, whoever's.
CREATE INDEX IF NOT EXISTS consents_by_age ON consents (created_at);

-- What has expired is deleted every few seconds.
CREATE INDEX IF NOT EXISTS authorization_handles_expired ON authorization_handles (expires_at);
CREATE INDEX IF NOT EXISTS authorization_sessions_expired ON authorization_sessions (expires_at);
CREATE INDEX IF NOT EXISTS seen_tokens_expired ON seen_tokens (expires_at);
CREATE INDEX IF NOT EXISTS throttles_expired ON throttles (until);

-- All that PayNet had otherwise, the oldest first.
CREATE INDEX IF NOT EXISTS differences_by_age ON differences (found_at, consent_id, kind);
