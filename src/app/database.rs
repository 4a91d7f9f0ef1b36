//! The database that a configuration names, with the password of its file.

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use crate::config::Database;
use crate::keys::read_secret_text;
use crate::store::{self, Inspection, Store};

/// As it is, without changing it.
pub async fn inspect(database: &Database) -> anyhow::Result<Inspection> {
    let url = url(database)?;
    let found = store::inspect(url.expose_secret()).await;
    found.context("the database cannot be used")
}

/// Connects lazily, as [`Store::open`] does; the password is read now.
pub fn open(database: &Database, connections: usize) -> anyhow::Result<Store> {
    let url = url(database)?;
    Ok(Store::open(url.expose_secret(), connections)?)
}

fn url(database: &Database) -> anyhow::Result<SecretString> {
    let password = database.password_file.as_deref().map(read_secret_text);
    let password = password.transpose().context("database.password_file")?;
    Ok(database.url_with(password.as_ref()))
}
