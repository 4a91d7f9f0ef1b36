//! The tables as Diesel sees them; `migrations/common` creates them.

macro_rules! tables {
    ($($name:ident ($($key:ident),+) { $($column:ident -> $type:ty),* $(,)? })*) => { $(
        diesel::table! {
            use diesel::sql_types::*;
            use crate::store::types::Moment;
            $name ($($key),+) { $($column -> $type),* }
        }
    )* };
}

tables! {
    consents (consent_id) {
        consent_id -> Text, dc_id -> Text, dp_id -> Text, consent_type -> Text, purpose -> Text,
        permissions -> Jsonb, status -> Text, reason -> Nullable<Jsonb>, expires_at -> Moment,
        decide_by -> Moment, customer_id -> Nullable<Text>, created_at -> Moment,
        platform_updated_at -> Nullable<Moment>, changed_at -> Moment, version -> Integer,
        erased_at -> Nullable<Moment>,
    }
    accounts (account_id) { account_id -> Text, customer_id -> Text, bank_reference -> Text }
    consent_accounts (consent_id, account_id) { consent_id -> Text, account_id -> Text }
    consent_events (consent_id, event_type, body_sha256) {
        consent_id -> Text, event_type -> Text, body_sha256 -> Text, body -> Text, received_at -> Moment,
    }
    decisions (consent_id) {
        consent_id -> Text, decision -> Text, customer_id -> Nullable<Text>,
        sign_in -> Nullable<Jsonb>, decided_at -> Moment,
    }
    receipts (consent_id) {
        consent_id -> Text, language -> Text, template_hash -> Text, text -> Text, sha256 -> Text,
        created_at -> Moment,
    }
    outbox (id) {
        id -> Text, consent_id -> Text, intent -> Jsonb, attempts -> Integer,
        next_attempt_at -> Moment, locked_until -> Nullable<Moment>, parked_at -> Nullable<Moment>,
        last_error -> Nullable<Text>, created_at -> Moment, recipient -> Text, seq -> Integer,
        hasten_after -> Nullable<Moment>,
    }
    reconcile_cursor (name) {
        name -> Text, after_id -> Text, checked -> BigInt, started_at -> Moment,
        finished_at -> Nullable<Moment>, not_before -> Nullable<Moment>,
        locked_until -> Nullable<Moment>, holder -> Nullable<Text>,
    }
    differences (consent_id, kind) {
        consent_id -> Text, kind -> Text, ours -> Text, theirs -> Text, found_at -> Moment,
        seen_at -> Moment, closed_at -> Nullable<Moment>, outcome -> Nullable<Text>,
    }
    authorization_handles (handle_sha256) {
        handle_sha256 -> Text, consent_id -> Text, redirect_uri -> Text, expires_at -> Moment,
    }
    authorization_sessions (session_sha256) {
        session_sha256 -> Text, consent_id -> Text, state -> Jsonb, version -> Integer,
        expires_at -> Moment,
    }
    seen_tokens (issuer, jti) { issuer -> Text, jti -> Text, expires_at -> Moment }
    installation_secrets (name) { name -> Text, value -> Text }
    throttles (subject) { subject -> Text, failures -> Integer, until -> Moment }
    access_log (segment, position) {
        segment -> Text, position -> Integer, at -> Moment, consent_id -> Text, dc_id -> Text,
        category -> Text, outcome -> Text, interaction_id -> Text, customer_id -> Nullable<Text>,
        account_id -> Nullable<Text>, salt -> Nullable<Text>, personal_sha256 -> Text, hash -> Text,
    }
    ledger (chain, seq) {
        chain -> Text, seq -> Integer, kind -> Text, at -> Moment, data -> Nullable<Text>,
        salt -> Nullable<Text>, data_sha256 -> Nullable<Text>, hash -> Text,
    }
    checkpoints (number) { number -> Integer, at -> Moment, jws -> Text }
    checkpoint_stretches (log, chain, last_seq) {
        log -> Text, chain -> Text, last_seq -> Integer, first_seq -> Integer, head -> Text,
        checkpoint -> Integer,
    }
}

// For finding the accounts of a consent with the bank's references.
diesel::allow_tables_to_appear_in_same_query!(accounts, consent_accounts);
// For finding the checkpoints that cover a chain.
diesel::allow_tables_to_appear_in_same_query!(checkpoints, checkpoint_stretches);
// For finding the consents of a customer, and those whose events are to go.
diesel::allow_tables_to_appear_in_same_query!(consents, consent_events, decisions);
