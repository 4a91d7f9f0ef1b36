DROP INDEX throttles_expired;
DROP INDEX seen_tokens_expired;
DROP INDEX authorization_sessions_expired;
DROP INDEX authorization_handles_expired;
DROP INDEX consents_by_age;
DROP INDEX IF EXISTS differences_by_age;
