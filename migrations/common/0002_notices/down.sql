DROP INDEX consents_ending;
DROP INDEX outbox_by_consent;
CREATE INDEX outbox_by_consent ON outbox (consent_id);
DELETE FROM outbox WHERE recipient <> 'paynet';
ALTER TABLE outbox DROP COLUMN seq;
ALTER TABLE outbox DROP COLUMN recipient;
