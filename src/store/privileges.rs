//! What the service may do with each table when it is not the tables' owner. The one list of it.

use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;

use super::migrate::GUARD_TABLE;
use super::{StoreError, StoreResult, pg};

/// Added to and read; never changed, never taken away.
const EVIDENCE: &[&str] = &["INSERT", "SELECT"];
/// Added to and read as well, but nobody's proof of anything.
const ADDED: &[&str] = &["INSERT", "SELECT"];
/// Used up.
const SPENT: &[&str] = &["DELETE", "INSERT", "SELECT"];
const CHANGED: &[&str] = &["INSERT", "SELECT", "UPDATE"];
const ALL: &[&str] = &["DELETE", "INSERT", "SELECT", "UPDATE"];
const READ: &[&str] = &["SELECT"];

/// Each table that the service knows, in the order of their names. A test compares it with the schema.
pub const TABLES: &[(&str, &[&str])] = &[
    ("__diesel_schema_migrations", READ),
    ("access_log", EVIDENCE),
    ("accounts", ADDED),
    ("authorization_handles", SPENT),
    ("authorization_sessions", ALL),
    ("checkpoint_stretches", EVIDENCE),
    ("checkpoints", EVIDENCE),
    ("consent_accounts", ADDED),
    ("consent_events", EVIDENCE),
    ("consents", CHANGED),
    ("decisions", EVIDENCE),
    ("differences", CHANGED),
    ("installation_secrets", ADDED),
    ("ledger", EVIDENCE),
    ("outbox", ALL),
    ("receipts", EVIDENCE),
    ("reconcile_cursor", CHANGED),
    (GUARD_TABLE, READ),
    ("seen_tokens", SPENT),
    ("throttles", ALL),
];

/// What PostgreSQL can grant on a table.
const EVERY: [&str; 7] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "REFERENCES",
    "TRIGGER",
];

/// Where a role's rights are not those of [`TABLES`], each as `DELETE on ledger`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deviation {
    pub too_many: Vec<String>,
    pub missing: Vec<String>,
}

impl Deviation {
    /// Of what it may do beyond its rights, that which would change what is evidence.
    pub fn against_evidence(&self) -> Vec<&str> {
        let evidence = |text: &&str| {
            let table = text.rsplit(' ').next();
            let rights = TABLES.iter().find(|(name, _)| Some(*name) == table);
            rights.is_some_and(|(_, rights)| std::ptr::eq(*rights, EVIDENCE))
                && ["UPDATE", "DELETE", "TRUNCATE"]
                    .iter()
                    .any(|right| text.starts_with(right))
        };
        let all = self.too_many.iter().map(String::as_str);
        all.filter(evidence).collect()
    }
}

/// The statements that leave `role` what the list says and nothing else.
pub fn grants(schema: &str, role: &str) -> String {
    let (schema, role) = (quoted(schema), quoted(role));
    let of_table = |(table, rights): &(&str, &[&str])| {
        let table = format!("{schema}.{}", quoted(table));
        let rights = rights.join(", ");
        format!(
            "REVOKE ALL ON TABLE {table} FROM PUBLIC;\nREVOKE ALL ON TABLE {table} FROM {role};\n\
             GRANT {rights} ON TABLE {table} TO {role};\n"
        )
    };
    let mut statements = vec![format!("GRANT USAGE ON SCHEMA {schema} TO {role};\n")];
    statements.extend(TABLES.iter().map(of_table));
    statements.concat()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[derive(diesel::QueryableByName)]
struct Place {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Bool)]
    has_role: bool,
}

/// The schema that the tables are made in, once it is clear that there is such a role.
pub async fn schema_for(conn: &mut pg::Conn, role: &str) -> StoreResult<String> {
    const PLACE: &str = "SELECT coalesce(current_schema()::text, '') AS schema, \
        EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1) AS has_role";
    let place: Place = diesel::sql_query(PLACE)
        .bind::<Text, _>(role)
        .get_result(conn)
        .await?;
    if !place.has_role {
        return Err(StoreError::Schema(format!(
            "there is no role {role}, whom database.url names: make it (CREATE ROLE {role} LOGIN PASSWORD '…'), and run this again",
            role = quoted(role)
        )));
    }
    if place.schema.is_empty() {
        return Err(StoreError::Schema(
            "no schema of the search_path is there: make one (CREATE SCHEMA), or correct the search_path of the owner".into(),
        ));
    }
    Ok(place.schema)
}

/// Whether `role` may do what the list says, by whatever way: grants, memberships, ownership, being a superuser.
pub async fn deviation(conn: &mut pg::Conn, role: &str) -> StoreResult<Deviation> {
    #[derive(diesel::QueryableByName)]
    struct Held {
        #[diesel(sql_type = Text)]
        tab: String,
        #[diesel(sql_type = Text)]
        word: String,
        #[diesel(sql_type = Bool)]
        has: bool,
    }
    let pairs = TABLES
        .iter()
        .flat_map(|(table, _)| EVERY.map(|right| format!("('{table}', '{right}')")));
    let pairs = pairs.collect::<Vec<_>>().join(", ");
    let held: Vec<Held> = diesel::sql_query(format!(
        "SELECT tab, word, has_table_privilege($1, to_regclass(tab)::oid, word) AS has \
         FROM (VALUES {pairs}) AS pairs (tab, word) WHERE to_regclass(tab) IS NOT NULL"
    ))
    .bind::<Text, _>(role)
    .load(conn)
    .await?;
    let mut found = Deviation::default();
    for (table, rights) in TABLES {
        for Held { word, has, .. } in held.iter().filter(|one| one.tab == *table) {
            let list = match (has, rights.contains(&word.as_str())) {
                (true, false) => &mut found.too_many,
                (false, true) => &mut found.missing,
                _ => continue,
            };
            list.push(format!("{word} on {table}"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[cfg(feature = "embedded")]
    #[tokio::test(flavor = "multi_thread")]
    async fn every_table_of_the_schema_is_in_the_list() {
        #[derive(diesel::QueryableByName)]
        struct Table {
            #[diesel(sql_type = Text)]
            name: String,
        }
        let (store, _folder) = crate::store::tests::store().await;
        let crate::store::Store::Sqlite(pool) = &store else {
            panic!("these tests run on SQLite")
        };
        let mut conn = crate::store::checkout(pool).await.unwrap();
        let tables: Vec<Table> = diesel::sql_query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )
        .load(&mut *conn)
        .await
        .unwrap();
        let there: BTreeSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        let listed: BTreeSet<&str> = TABLES.iter().map(|(name, _)| *name).collect();
        assert_eq!(there, listed);
    }

    #[test]
    fn a_name_cannot_end_its_quotation() {
        let statements = grants("a\"b", "x\"; DROP TABLE ledger; --");
        assert!(statements.contains("TO \"x\"\"; DROP TABLE ledger; --\";"));
        assert!(statements.contains("ON TABLE \"a\"\"b\".\"ledger\""));
    }

    #[test]
    fn what_goes_against_evidence() {
        let deviation = Deviation {
            too_many: vec![
                "UPDATE on ledger".into(),
                "DELETE on consents".into(),
                "TRIGGER on ledger".into(),
            ],
            missing: Vec::new(),
        };
        assert_eq!(deviation.against_evidence(), ["UPDATE on ledger"]);
    }
}
