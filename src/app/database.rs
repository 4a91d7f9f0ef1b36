//! The database that a configuration names, with the password of its file.

use anyhow::Context;
use secrecy::ExposeSecret;

use crate::config::Database;
use crate::keys::read_secret_text;
use crate::store::Store;

/// Connects lazily, as [`Store::open`] does; the password is read now.
pub fn open(database: &Database, connections: usize) -> anyhow::Result<Store> {
    let password = database.password_file.as_deref().map(read_secret_text);
    let password = password.transpose().context("database.password_file")?;
    let url = database.url_with(password.as_ref());
    Ok(Store::open(url.expose_secret(), connections)?)
}
