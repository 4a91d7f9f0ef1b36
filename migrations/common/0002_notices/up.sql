-- The outbox has two recipients: PayNet (intents) and the bank (notices for the customer). What is for one of them about one consent
-- is delivered in the order of seq, which is the consent's version.
ALTER TABLE outbox ADD COLUMN recipient TEXT NOT NULL DEFAULT 'paynet';
ALTER TABLE outbox ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
DROP INDEX outbox_by_consent;
CREATE INDEX outbox_by_consent ON outbox (consent_id, recipient, seq);

-- Consents whose term has passed.
CREATE INDEX consents_ending ON consents (status, expires_at);
