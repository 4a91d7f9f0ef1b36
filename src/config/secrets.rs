//! What is shown in place of secrets.

use figment::value::Value;

use super::schema::Node;

pub const MASK: &str = "***";

/// Parameters of a database's address that are no secrets.
const PLAIN_PARAMETERS: [&str; 4] = ["application_name", "connect_timeout", "host", "sslmode"];

/// The value as it may be shown; `node` is absent for a key that there is not, of which nothing is known.
pub fn masked(value: &Value, node: Option<Node>) -> Value {
    let secret = node.is_none_or(Node::is_secret);
    match value {
        Value::Dict(tag, table) => {
            let entries = table.iter().map(|(key, value)| {
                let node = node.and_then(|node| node.child(key));
                (key.clone(), masked(value, node))
            });
            Value::Dict(*tag, entries.collect())
        }
        Value::Array(tag, list) => {
            let node = node.and_then(Node::items);
            let entries = list.iter().map(|entry| masked(entry, node));
            Value::Array(*tag, entries.collect())
        }
        Value::String(_, text) if secret => masked_address(text).into(),
        Value::String(_, text) => without_pin(&without_password(text)).into(),
        Value::Empty(..) => value.clone(),
        _ if secret => MASK.into(),
        _ => value.clone(),
    }
}

/// A database's address without its password; of any other secret nothing.
fn masked_address(text: &str) -> String {
    if text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let address = text.split_once("://");
    let Some((scheme @ ("postgres" | "postgresql"), rest)) = address else {
        return MASK.into();
    };
    // A password may have characters in it that belong encoded, so everything up to the last @ can be one.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => {
            let user = match user.split_once(':') {
                Some((user, _)) => format!("{user}:{MASK}@"),
                None => format!("{user}@"),
            };
            (user, rest)
        }
        None => (String::new(), rest),
    };
    let (place, parameters) = match rest.split_once('?') {
        Some((place, parameters)) => (place, format!("?{}", masked_parameters(parameters))),
        None => (rest, String::new()),
    };
    let host = place.split('/').next().unwrap_or_default();
    let port = host.rsplit_once(':').map(|(_, port)| port);
    let is_port = port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    // `user:password` without a host looks like this.
    if !is_port && !host.ends_with(']') {
        return MASK.into();
    }
    format!("{scheme}://{user}{place}{parameters}")
}

fn masked_parameters(parameters: &str) -> String {
    let shown = parameters
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if PLAIN_PARAMETERS.contains(&name) => parameter.to_owned(),
            Some((name, _)) => format!("{name}={MASK}"),
            None => MASK.to_owned(),
        });
    shown.collect::<Vec<_>>().join("&")
}

/// Of an address that is no secret: it should have no password, but may.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((user, host)) if user.contains(':') => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:{MASK}@{host}{}", &rest[end..])
        }
        _ => text.to_owned(),
    }
}

/// The name of a key on a token may have the PIN in it (RFC 7512 §2.4), though that is refused.
pub fn without_pin(text: &str) -> String {
    const PIN: &str = "pin-value=";
    let Some(start) = text.find(PIN) else {
        return text.to_owned();
    };
    let (before, pin) = text.split_at(start + PIN.len());
    let end = pin.find(['&', ';', '"', ' ']).unwrap_or(pin.len());
    format!("{before}{MASK}{}", without_pin(&pin[end..]))
}

/// Whether a database's address has a password in it.
pub fn has_password(address: &str) -> bool {
    let rest = address.split_once("://").map(|(_, rest)| rest);
    let user = rest.and_then(|rest| rest.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':'))
        || address
            .split(['?', '&'])
            .any(|parameter| parameter.starts_with("password="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (address, shown) in [
            ("sqlite:izin.db", "sqlite:izin.db"),
            ("postgres://izin@db/izin", "postgres://izin@db/izin"),
            ("postgres://db:5432/izin", "postgres://db:5432/izin"),
            ("postgres://izin@[::1]/izin", "postgres://izin@[::1]/izin"),
            (
                "postgres://izin:hunter2@db/izin",
                "postgres://izin:***@db/izin",
            ),
            (
                "postgresql://izin:hunter2@db:5432/izin",
                "postgresql://izin:***@db:5432/izin",
            ),
            (
                "postgres://izin:hun/ter2?x#@db/izin",
                "postgres://izin:***@db/izin",
            ),
            (
                "postgres://izin:hun@ter2@db/izin",
                "postgres://izin:***@db/izin",
            ),
            (
                "postgres://izin@/izin?host=/run/postgresql&password=hunter2&sslmode=require",
                "postgres://izin@/izin?host=/run/postgresql&password=***&sslmode=require",
            ),
            (
                "postgres://izin@db/izin?hunter2",
                "postgres://izin@db/izin?***",
            ),
            ("postgres://izin:hunter2", "***"),
            ("host=db password=hunter2", "***"),
            ("mysql://izin:hunter2@db/izin", "***"),
            ("hunter2", "***"),
            ("", "***"),
        ] {
            assert_eq!(masked_address(address), shown, "{address}");
        }
    }

    #[test]
    fn other_addresses_lose_only_a_password() {
        for (address, shown) in [
            (
                "https://bank.example:8443/a?b=c@d:e",
                "https://bank.example:8443/a?b=c@d:e",
            ),
            (
                "https://izin:hunter2@bank.example/a",
                "https://izin:***@bank.example/a",
            ),
            ("Bank Contoh", "Bank Contoh"),
        ] {
            assert_eq!(without_password(address), shown, "{address}");
        }
    }

    #[test]
    fn the_name_of_a_key_loses_its_pin() {
        for (name, shown) in [
            ("pkcs11:object=a", "pkcs11:object=a"),
            (
                "pkcs11:object=a?pin-value=1234",
                "pkcs11:object=a?pin-value=***",
            ),
            (
                "pkcs11:?pin-value=1234&module-name=a",
                "pkcs11:?pin-value=***&module-name=a",
            ),
            ("pin-value=12;pin-value=34", "pin-value=***;pin-value=***"),
        ] {
            assert_eq!(without_pin(name), shown);
        }
    }

    #[test]
    fn a_password_is_found_wherever_it_stands() {
        for (address, found) in [
            ("postgres://izin@db:5432/izin", false),
            ("postgres://db:5432/izin", false),
            ("postgres://izin:hunter2@db/izin", true),
            (
                "postgres://izin@db/izin?sslmode=disable&password=hunter2",
                true,
            ),
        ] {
            assert_eq!(has_password(address), found, "{address}");
        }
    }

    #[test]
    fn of_unknown_and_secret_tables_only_the_names_are_shown() {
        let value: Value = "{core={token=hunter2,port=54321},list=[hunter2]}"
            .parse()
            .unwrap();
        let settings = Node::find(&["bank".into(), "settings".into()]).unwrap();
        for node in [Some(settings), None] {
            let shown = format!("{:?}", masked(&value, node));
            assert!(
                !shown.contains("hunter2") && !shown.contains("54321"),
                "{shown}"
            );
            assert!(shown.contains("token") && shown.contains("port"), "{shown}");
        }
    }
}
