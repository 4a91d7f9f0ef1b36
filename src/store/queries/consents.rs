//! Consents, their accounts, and the changes that must be stored together.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::Conn;
use super::authorizations::move_session;
use super::ledger::append;
use crate::consent::{Change, Consent};
use crate::ids::{AccountId, AccountReference, ConsentId, CustomerId};
use crate::store::rows::{
    ConsentRow, EventRow, FOR_BANK, FOR_PAYNET, OutboxRow, ReceiptRow, account_id,
    account_reference,
};
use crate::store::schema::{
    accounts, consent_accounts, consent_events, consents, decisions, outbox, receipts,
};
use crate::store::types::At;
use crate::store::{ConsentFilter, DecisionRecord, StoreError, StoreResult};

pub async fn consent(conn: &mut Conn, id: &ConsentId) -> StoreResult<Option<Consent>> {
    let row: Option<ConsentRow> = consents::table
        .find(id.as_str())
        .select(ConsentRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(Consent::try_from).transpose()
}

pub async fn consented_accounts(conn: &mut Conn, id: &ConsentId) -> StoreResult<Vec<AccountId>> {
    let ids: Vec<String> = consent_accounts::table
        .filter(consent_accounts::consent_id.eq(id.as_str()))
        .order(consent_accounts::account_id)
        .select(consent_accounts::account_id)
        .load(conn)
        .await?;
    ids.into_iter().map(account_id).collect()
}

/// Consents nobody decided in time, oldest first.
pub async fn undecided(conn: &mut Conn, now: At, limit: i64) -> StoreResult<Vec<Consent>> {
    let rows: Vec<ConsentRow> = consents::table
        .filter(consents::status.eq("awaiting_authorization"))
        .filter(consents::decide_by.le(now))
        .order(consents::decide_by)
        .limit(limit)
        .select(ConsentRow::as_select())
        .load(conn)
        .await?;
    Ok(readable(rows))
}

/// Running consents whose term has passed, oldest first.
pub async fn ending(conn: &mut Conn, now: At, limit: i64) -> StoreResult<Vec<Consent>> {
    let rows: Vec<ConsentRow> = consents::table
        .filter(consents::status.eq_any(["authorized", "suspended"]))
        .filter(consents::expires_at.le(now))
        .order(consents::expires_at)
        .limit(limit)
        .select(ConsentRow::as_select())
        .load(conn)
        .await?;
    Ok(readable(rows))
}

/// The bank's own references of the accounts that a consent covers.
pub async fn consented_references(
    conn: &mut Conn,
    id: &ConsentId,
) -> StoreResult<Vec<AccountReference>> {
    let ours = consent_accounts::table
        .filter(consent_accounts::consent_id.eq(id.as_str()))
        .select(consent_accounts::account_id);
    let references: Vec<String> = accounts::table
        .filter(accounts::account_id.eq_any(ours))
        .order(accounts::bank_reference)
        .select(accounts::bank_reference)
        .load(conn)
        .await?;
    references.into_iter().map(account_reference).collect()
}

/// Newest first; of one customer, or in one state, if wanted.
pub async fn find_consents(conn: &mut Conn, wanted: &ConsentFilter) -> StoreResult<Vec<Consent>> {
    let mut query = consents::table.into_boxed();
    if let Some(status) = wanted.status {
        query = query.filter(consents::status.eq(status.as_str()));
    }
    if let Some(customer) = &wanted.customer {
        query = query.filter(consents::customer_id.eq(customer.as_str()));
    }
    if let Some(consumer) = &wanted.consumer {
        query = query.filter(consents::dc_id.eq(consumer.as_str()));
    }
    let rows: Vec<ConsentRow> = query
        .order(consents::created_at.desc())
        .limit(wanted.limit)
        .select(ConsentRow::as_select())
        .load(conn)
        .await?;
    Ok(readable(rows))
}

/// A row that this release cannot read must not keep the others waiting.
pub(super) fn readable(rows: Vec<ConsentRow>) -> Vec<Consent> {
    let readable = rows.into_iter().filter_map(|row| {
        let id = row.consent_id.clone();
        Consent::try_from(row)
            .inspect_err(|error| tracing::error!(consent = %id, %error, "a consent is unreadable"))
            .ok()
    });
    readable.collect()
}

/// Stores an event, unless it is stored already, together with its effect.
pub async fn record_event(
    conn: &mut Conn,
    event: EventRow,
    change: Option<&Change>,
) -> StoreResult<()> {
    let change = change.cloned();
    conn.transaction(async move |conn| {
        diesel::insert_into(consent_events::table)
            .values(&event)
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if let Some(change) = &change {
            write_change(conn, change).await?;
        }
        Ok(())
    })
    .await
}

/// Stores a change: state, ledger entry and what PayNet must be told, or nothing at all.
pub async fn commit(conn: &mut Conn, change: &Change) -> StoreResult<()> {
    let change = change.clone();
    conn.transaction(async move |conn| write_change(conn, &change).await)
        .await
}

/// Stores the customer's decision with its receipt and accounts. A second decision is [`StoreError::Stale`].
pub async fn decide(conn: &mut Conn, change: &Change, record: &DecisionRecord) -> StoreResult<()> {
    let (change, record) = (change.clone(), record.clone());
    conn.transaction(async move |conn| {
        write_change(conn, &change).await?;
        let id = change.consent.id.as_str();
        let inserted = diesel::insert_into(decisions::table)
            .values((
                decisions::consent_id.eq(id),
                decisions::decision.eq(change.ledger.kind),
                decisions::customer_id.eq(record.customer.as_ref().map(CustomerId::as_str)),
                decisions::sign_in.eq(record.sign_in.as_ref()),
                decisions::decided_at.eq(At(change.ledger.at)),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if inserted == 0 {
            return Err(StoreError::Stale);
        }
        if let Some(receipt) = &record.receipt {
            diesel::insert_into(receipts::table)
                .values(ReceiptRow::from(receipt))
                .execute(conn)
                .await?;
        }
        if let Some(session) = &record.session {
            move_session(conn, session).await?;
        }
        for account in &record.accounts {
            diesel::insert_into(consent_accounts::table)
                .values((
                    consent_accounts::consent_id.eq(id),
                    consent_accounts::account_id.eq(account.as_str()),
                ))
                .execute(conn)
                .await?;
        }
        Ok(())
    })
    .await
}

/// Part of a transaction: the new state, its ledger entry, and what PayNet must be told.
pub(super) async fn write_change(conn: &mut Conn, change: &Change) -> StoreResult<()> {
    let row = ConsentRow::from(&change.consent);
    let known = row.version - 1;
    let written = if known == 0 {
        diesel::insert_into(consents::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(conn)
            .await?
    } else {
        diesel::update(
            consents::table
                .find(&row.consent_id)
                .filter(consents::version.eq(known)),
        )
        .set(&row)
        .execute(conn)
        .await?
    };
    if written == 0 {
        return Err(StoreError::Stale);
    }
    append_to_ledger(conn, change).await?;
    let messages = [
        (
            FOR_PAYNET,
            change.intent.as_ref().map(|intent| json!(intent)),
        ),
        (FOR_BANK, change.notice.as_ref().map(|notice| json!(notice))),
    ];
    for (recipient, message) in messages {
        let Some(message) = message else {
            continue;
        };
        let delivery = OutboxRow {
            id: format!("{}:{}:{recipient}", row.consent_id, row.version),
            consent_id: row.consent_id.clone(),
            intent: message,
            attempts: 0,
            next_attempt_at: row.changed_at,
            locked_until: None,
            parked_at: None,
            last_error: None,
            created_at: row.changed_at,
            recipient: recipient.to_owned(),
            seq: row.version,
        };
        diesel::insert_into(outbox::table)
            .values(delivery)
            .execute(conn)
            .await?;
    }
    Ok(())
}

async fn append_to_ledger(conn: &mut Conn, change: &Change) -> StoreResult<()> {
    let entry = &change.ledger;
    let place = (entry.consent_id.as_str(), entry.seq);
    append(conn, place, entry.kind, At(entry.at), entry.data.clone()).await
}

/// The identifier we issued for the bank's account, issuing one at the first call.
pub async fn account_id_for(
    conn: &mut Conn,
    customer: &CustomerId,
    reference: &AccountReference,
) -> StoreResult<AccountId> {
    diesel::insert_into(accounts::table)
        .values((
            accounts::account_id.eq(AccountId::issue().as_str()),
            accounts::customer_id.eq(customer.as_str()),
            accounts::bank_reference.eq(reference.as_str()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let id: String = accounts::table
        .filter(accounts::customer_id.eq(customer.as_str()))
        .filter(accounts::bank_reference.eq(reference.as_str()))
        .select(accounts::account_id)
        .first(conn)
        .await?;
    account_id(id)
}

/// The bank's own reference of an account we issued an identifier for.
pub async fn bank_reference(
    conn: &mut Conn,
    account: &AccountId,
) -> StoreResult<Option<AccountReference>> {
    let found: Option<String> = accounts::table
        .find(account.as_str())
        .select(accounts::bank_reference)
        .first(conn)
        .await
        .optional()?;
    found.map(account_reference).transpose()
}
