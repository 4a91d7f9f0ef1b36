-- A bank after some years: `:consents` consents, most of them over, and what belongs to them. Lengths of texts are those that a journey
-- leaves (see tests/journeys/postgres/scale.rs). PostgreSQL only.

INSERT INTO consents
SELECT md5('consent' || n)::uuid::text, 'consumer-' || n % 20, 'bank-contoh',
       'urn:openfinance-ml:account-access-consent:v1.2', 'pfm',
       '["read_accounts", "read_balances", "read_transactions"]'::jsonb,
       CASE WHEN n % 1000 = 0 THEN 'awaiting_authorization' WHEN n % 1000 = 1 THEN 'deciding'
            WHEN n % 1000 = 2 THEN 'suspended' WHEN n % 10 < 3 THEN 'authorized' WHEN n % 10 < 6 THEN 'expired'
            WHEN n % 10 < 8 THEN 'revoked' WHEN n % 10 = 8 THEN 'rejected' ELSE 'failed' END,
       CASE WHEN n % 10 = 8 THEN '{"code": "not_allowed"}'::jsonb END,
       made + interval '180 days', made + CASE WHEN n % 1000 = 0 AND n % 10000 > 0 THEN interval '200 days' ELSE interval '5 minutes' END,
       CASE WHEN n % 1000 > 0 THEN 'CIF-' || n % (:consents / 2) END,
       made, made, made + interval '1 minute', 2
FROM (SELECT n, CASE WHEN n % 1000 = 0 OR n % 10 < 3 THEN now() - (n % 170) * interval '1 day' + interval '1 minute'
                ELSE now() - (n % 2000) * interval '1 day' - interval '180 days' END AS made
      FROM generate_series(1, :consents) AS n) AS s;

INSERT INTO accounts
SELECT md5('account' || n)::uuid::text, 'CIF-' || n / 2, 'SA-' || n % 2
FROM generate_series(0, :consents - 1) AS n;

INSERT INTO consent_accounts
SELECT md5('consent' || n)::uuid::text, md5('account' || (n % (:consents / 2)) * 2 + a)::uuid::text
FROM generate_series(1, :consents) AS n, generate_series(0, 1) AS a
WHERE n % 10 < 8 AND (a = 0 OR n % 2 = 0);

INSERT INTO consent_events
SELECT md5('consent' || n)::uuid::text, 'consent_created', md5('a' || n) || md5('b' || n), repeat(md5('body' || n), 12),
       now() - (n % 2000) * interval '1 day'
FROM generate_series(1, :consents / 4) AS n;

INSERT INTO decisions
SELECT md5('consent' || n)::uuid::text, 'approved', 'CIF-' || n % (:consents / 2),
       '{"acr": "urn:izin:acr:two-factor", "amr": ["pwd", "otp"], "at": "2026-01-01T00:00:00Z", "customer": "CIF-1001"}'::jsonb, now()
FROM generate_series(1, :consents / 2) AS n WHERE n % 10 < 9 AND n % 1000 > 0;

INSERT INTO receipts
SELECT md5('consent' || n)::uuid::text, 'en', md5('a' || n) || md5('b' || n), repeat(md5('text' || n), 32), md5('c' || n) || md5('d' || n), now()
FROM generate_series(1, :consents / 10) AS n;

INSERT INTO ledger (chain, seq, kind, at, data, salt, data_sha256, hash)
SELECT md5('consent' || n)::uuid::text, seq, 'approved', now() - (n % 2000000) * interval '1 minute' + seq * interval '1 second',
       repeat(md5('data' || n), 4), md5('s' || n) || md5('t' || n), md5('c' || n) || md5('d' || n), md5('a' || n) || md5('b' || n)
FROM generate_series(1, :consents) AS n, generate_series(1, 2) AS seq;

INSERT INTO access_log (segment, position, at, consent_id, dc_id, category, outcome, interaction_id, customer_id, account_id, salt, personal_sha256, hash)
SELECT md5('segment' || n / 10000)::uuid::text, n % 10000 + 1, now() - (n % 600000) * interval '1 minute',
       md5('consent' || n % :consents)::uuid::text, 'consumer-' || n % 20, 'balances', 'served', md5('interaction' || n)::uuid::text,
       'CIF-' || n % (:consents / 2), md5('account' || n % :consents)::uuid::text, md5('s' || n) || md5('t' || n),
       md5('c' || n) || md5('d' || n), md5('a' || n) || md5('b' || n)
FROM generate_series(1, :consents) AS n;

-- All but the newest is covered.
INSERT INTO checkpoints
SELECT n, now() - (2001 - n) * interval '1 day', repeat(md5('jws' || n), 30)
FROM generate_series(1, 2000) AS n;

INSERT INTO checkpoint_stretches
SELECT 'ledger', md5('consent' || n)::uuid::text, 2, 1, md5('a' || n) || md5('b' || n), n % 2000 + 1
FROM generate_series(1, :consents) AS n;

INSERT INTO checkpoint_stretches
SELECT 'access', md5('segment' || n)::uuid::text, 5000, 1, md5('a' || n) || md5('b' || n), n % 2000 + 1
FROM generate_series(0, :consents / 10000) AS n;

INSERT INTO differences
SELECT md5('consent' || n)::uuid::text, 'status', 'authorized', 'suspended', now() - n * interval '1 minute', now(),
       CASE WHEN n % 10 > 0 THEN now() END, CASE WHEN n % 10 > 0 THEN 'gone' END
FROM generate_series(1, :consents / 50) AS n;

-- Of the moment: PayNet was away for a while, and customers and consumers were not.
INSERT INTO outbox (id, consent_id, intent, attempts, next_attempt_at, locked_until, parked_at, last_error, created_at, recipient, seq)
SELECT md5('consent' || n)::uuid::text || ':2:paynet', md5('consent' || n)::uuid::text, '{"update": "revoke", "by": "customer"}'::jsonb, n % 5,
       now() + (n % 120 - 60) * interval '1 second', CASE WHEN n % 7 = 0 THEN now() + interval '30 seconds' END,
       CASE WHEN n % 500 = 0 THEN now() END, 'unavailable', now() - n * interval '1 second', 'paynet', 2
FROM generate_series(1, :consents / 50) AS n;

INSERT INTO authorization_handles
SELECT md5('a' || n) || md5('b' || n), md5('consent' || n)::uuid::text, 'https://paynet.example/back', now() + (n % 120 - 1) * interval '1 minute'
FROM generate_series(1, :consents / 50) AS n;

INSERT INTO authorization_sessions
SELECT md5('a' || n) || md5('b' || n), md5('consent' || n)::uuid::text, '{"step": "review"}'::jsonb, 4, now() + (n % 600 - 3) * interval '1 minute'
FROM generate_series(1, :consents / 50) AS n;

INSERT INTO seen_tokens
SELECT 'consumer-' || n % 20, md5('token' || n)::uuid::text, now() + (n % 600 - 3) * interval '1 minute'
FROM generate_series(1, :consents / 5) AS n;

INSERT INTO throttles
SELECT 'customer-' || n, n % 4, now() + (n % 900 - 3) * interval '1 minute'
FROM generate_series(1, :consents / 50) AS n;

INSERT INTO installation_secrets VALUES ('sign-in', repeat('x', 43)) ON CONFLICT DO NOTHING;

VACUUM ANALYZE;
