//! A database's address: where it leads, what may stand in it, and its password put into it.

use std::fmt::Write as _;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::Host;

use crate::config::secrets::has_password;

/// What the address may not say of TLS, because `tls` and the keys beside it do.
const TLS_PARAMETERS: [&str; 8] = [
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "requiressl",
];

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A file of SQLite.
    File,
    /// Another machine, or what may be one.
    Network,
    /// A socket in the file system, which has no name that a certificate could be for.
    Socket,
    /// TCP within this machine.
    ThisMachine,
}

/// Of one address and the file with its password.
pub(super) fn postgres_problems(
    (key, url): (&str, &str),
    (file, has_file): (&str, bool),
    problems: &mut Vec<String>,
) {
    for parameter in parameters(url) {
        if TLS_PARAMETERS.contains(&parameter) {
            problems.push(format!(
                "{key} may not have {parameter}: database.tls = \"verify-full\" or \"disable\" says how the connection is \
                 encrypted, database.ca whose certificate is trusted, database.certificate and database.private_key what we show"
            ));
        }
    }
    if !has_file {
        return;
    }
    if has_password(url) {
        problems.push(format!("{file} and a password in {key} exclude each other"));
    } else if user_and_host(url).is_none() {
        problems.push(format!(
            "{key} must name the user whose password {file} has"
        ));
    }
}

pub(super) fn is_postgres(url: &str) -> bool {
    ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme))
}

/// The names after the question mark.
fn parameters(url: &str) -> impl Iterator<Item = &str> {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    let names = parameters
        .split('&')
        .filter(|parameter| !parameter.is_empty());
    names.map(|parameter| parameter.split('=').next().unwrap_or_default())
}

pub(super) fn reach(url: &str) -> Reach {
    if url.starts_with("sqlite:") {
        return Reach::File;
    }
    let without_tls: Vec<_> = parameters(url)
        .filter(|name| TLS_PARAMETERS.contains(name))
        .collect();
    // Those are refused; until then it is told where the rest leads.
    let url = if without_tls.is_empty() {
        url
    } else {
        url.split('?').next().unwrap_or(url)
    };
    let Ok(address) = url.parse::<tokio_postgres::Config>() else {
        return Reach::Network;
    };
    let by_number = address
        .get_hostaddrs()
        .iter()
        .map(std::net::IpAddr::is_loopback);
    let by_name = address.get_hosts().iter().filter_map(|host| match host {
        Host::Tcp(name) => Some(is_loopback(name)),
        #[cfg(unix)]
        Host::Unix(_) => None,
    });
    let mut over_tcp = by_number.chain(by_name).peekable();
    match (over_tcp.peek().is_some(), over_tcp.all(|here| here)) {
        (false, _) => Reach::Socket,
        (true, true) => Reach::ThisMachine,
        (true, false) => Reach::Network,
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

pub(super) fn with_password(url: &SecretString, password: Option<&SecretString>) -> SecretString {
    // Without a user there is nobody whose password it could be, which `problems` tells.
    match (password, user_and_host(url.expose_secret())) {
        (Some(password), Some((user, host))) => {
            let password = encoded(password.expose_secret());
            format!("{user}:{password}@{host}").into()
        }
        _ => url.clone(),
    }
}

/// What stands before and after the `@`.
fn user_and_host(url: &str) -> Option<(&str, &str)> {
    let host = url.find("://")? + "://".len();
    let end = url[host..].find(['/', '?', '#']);
    let end = end.map_or(url.len(), |end| host + end);
    let at = host + url[host..end].find('@')?;
    Some((&url[..at], &url[at + 1..]))
}

/// Percent-encoded, so that every character may stand in a password (RFC 3986 §2.3).
fn encoded(password: &str) -> String {
    let mut encoded = String::new();
    for byte in password.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
