//! A signature's text: how it is encoded, and what is no signature at all.

use serde_json::json;

use super::{
    Bench, Check,
    finding::Outcome,
    forged::{Cases, forged},
    refusal::SIGNATURE,
};
use crate::forge::{
    Forgery, Rewrite,
    foreign::{KeyTransport, encrypted},
};

const ENCODING: &str = "RFC 7515 §2 and §5.2; RFC 4648 §3.5";
const COMPACT: &str = "v1.2.2, Message Signing; RFC 7515 §7.1";
const ENCRYPTED: &str = "v1.2.2, Message Signing; RFC 8725 §3.2 and §3.6";

pub(super) fn checks() -> Vec<Check> {
    [encodings(), other_forms()].concat()
}

fn encodings() -> Vec<Check> {
    [
        forged!(
            "signature-empty",
            "an empty signature",
            COMPACT,
            SIGNATURE,
            |_, _| { Ok(tokens([("empty", |token| with_signature(&token, ""))])) }
        ),
        forged!(
            "signature-length",
            "a signature that is cut short, too long, or nothing but zeros",
            "RFC 7518 §3.5; CVE-2022-21449",
            SIGNATURE,
            |_, _| Ok(tokens([
                ("cut short", |token| token[..token.len() - 4].to_owned()),
                ("half", |token| token[..token.len() - 170].to_owned()),
                ("too long", |token| format!(
                    "{}AAAA",
                    &token[..token.len() - 2]
                )),
                ("zeros", |token| with_signature(&token, &"A".repeat(342))),
                ("one byte", |token| with_signature(&token, "AA")),
            ]))
        ),
        forged!(
            "base64-padding",
            "base64url with padding",
            ENCODING,
            SIGNATURE,
            |_, _| {
                Ok(tokens([
                    ("one", |token| format!("{token}=")),
                    ("two", |token| format!("{token}==")),
                    ("header", |token| token.replacen('.', "=.", 1)),
                ]))
            }
        ),
        forged!(
            "base64-space",
            "white space inside base64url",
            ENCODING,
            SIGNATURE,
            |_, _| {
                Ok(tokens([
                    ("a space", |token| spaced(&token, " ")),
                    ("a tab", |token| spaced(&token, "\t")),
                    ("before the point", |token| token.replacen('.', " .", 1)),
                ]))
            }
        ),
        forged!(
            "base64-other-alphabet",
            "the alphabet of Base64 in place of base64url's",
            ENCODING,
            SIGNATURE,
            |_, _| Ok(tokens([("+ and /", |token| {
                let other = token.replace('-', "+").replace('_', "/");
                // Of many signatures one has neither.
                if other == token {
                    format!("{token}+")
                } else {
                    other
                }
            })]))
        ),
        forged!(
            "base64-trailing-bits",
            "bits behind the last byte, so that two texts are one signature",
            ENCODING,
            SIGNATURE,
            |_, _| Ok(tokens([("the last character", |token| trailing_bits(
                &token
            ))]))
        ),
    ]
    .concat()
}

fn other_forms() -> Vec<Check> {
    [
        forged!(
            "parts",
            "one, two, four or five parts in place of three",
            COMPACT,
            SIGNATURE,
            |_, _| {
                Ok(tokens([
                    ("one", |token| token.replace('.', "")),
                    ("two", |token| {
                        token[..token.rfind('.').unwrap_or_default()].to_owned()
                    }),
                    ("four", |token| format!("{token}.")),
                    ("five", |token| format!("{token}..")),
                    ("none", |_| ".".to_owned()),
                ]))
            }
        ),
        forged!(
            "json-serialization",
            "a signature as JSON, flattened and general",
            "RFC 7515 §7.2",
            SIGNATURE,
            |_, _| Ok(tokens([("flattened", flattened), ("general", general)]))
        ),
        forged!(
            "dressed-up",
            "a signature in quotes or behind a word",
            COMPACT,
            SIGNATURE,
            |_, _| {
                Ok(tokens([
                    ("Bearer", |token| format!("Bearer {token}")),
                    ("quotes", |token| format!("\"{token}\"")),
                    ("a list", |token| format!("{token},{token}")),
                ]))
            }
        ),
        forged!(
            "jwe",
            "an encrypted message where a signature belongs",
            ENCRYPTED,
            SIGNATURE,
            |bench, key| { jwe(bench, key, KeyTransport::RsaOaep256, false) }
        ),
        forged!(
            "jwe-rsa1-5",
            "the same with the padding of PKCS #1 v1.5",
            ENCRYPTED,
            SIGNATURE,
            |bench, key| { jwe(bench, key, KeyTransport::Rsa15, false) }
        ),
        forged!(
            "jwe-zip",
            "the same, compressed",
            ENCRYPTED,
            SIGNATURE,
            |bench, key| { jwe(bench, key, KeyTransport::RsaOaep256, true) }
        ),
    ]
    .concat()
}

fn tokens<const N: usize>(rewrites: [(&'static str, Rewrite); N]) -> Cases {
    rewrites
        .map(|(case, rewrite)| (case, vec![Forgery::Token(rewrite)]))
        .into()
}

fn with_signature(token: &str, signature: &str) -> String {
    let end = token.rfind('.').map_or(0, |dot| dot + 1);
    format!("{}{signature}", &token[..end])
}

fn spaced(token: &str, space: &str) -> String {
    let (first, second) = token.split_at(token.len() - 10);
    format!("{first}{space}{second}")
}

/// A signature of 256 bytes leaves four bits of its last character unused (RFC 4648 §3.5).
fn trailing_bits(token: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = token.split_at(token.len() - 1);
    let value = ALPHABET
        .iter()
        .position(|letter| last.as_bytes() == [*letter]);
    let other = ALPHABET[value.unwrap_or_default() ^ 1];
    format!("{rest}{}", char::from(other))
}

fn flattened(token: String) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return token;
    };
    json!({ "protected": header, "payload": payload, "signature": signature }).to_string()
}

fn general(token: String) -> String {
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return token;
    };
    let one = json!({ "protected": header, "signature": signature });
    json!({ "payload": payload, "signatures": [one] }).to_string()
}

/// To the provider, with an honest signature inside.
fn jwe(bench: &Bench<'_>, key: &str, transport: KeyTransport, zip: bool) -> Outcome<Cases> {
    let simulator = bench.simulator;
    let inside = simulator.sign(&crate::forge::Signing::by(key), b"{}")?;
    let token = encrypted(
        simulator.pki(),
        "dp-signing",
        transport,
        zip,
        inside.as_bytes(),
    )?;
    Ok(vec![("JWE", vec![Forgery::Instead(token)])])
}
