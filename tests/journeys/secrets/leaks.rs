//! What must not be in a text, in each of the spellings in which a careless line would have it.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::pkey::PKey;
use regex::Regex;
use serde_json::Value;

/// Encoded pieces shorter than this could be there by chance.
const SHORTEST_PIECE: usize = 9;

/// Names of what is looked for, with one spelling each.
#[derive(Default)]
pub struct Secrets(BTreeSet<(String, String)>);

impl Secrets {
    /// As text; in Base64 of either alphabet, wherever it begins in what was encoded; in hexadecimal; as a list of numbers, which
    /// is how `Debug` shows bytes.
    pub fn add(&mut self, what: &str, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        assert!(value.len() >= 5, "{what} could be there by chance");
        let hex: Vec<_> = value.iter().map(|byte| format!("{byte:02x}")).collect();
        let hex = hex.concat();
        let numbers: Vec<_> = value.iter().map(u8::to_string).collect();
        let mut spellings = vec![hex.to_uppercase(), hex, numbers.join(", ")];
        spellings.extend(std::str::from_utf8(value).map(str::to_owned));
        for skipped in 0..3 {
            let piece = &value[skipped..];
            let piece = &piece[..piece.len() / 3 * 3];
            if piece.len() >= SHORTEST_PIECE {
                spellings.extend([STANDARD.encode(piece), URL_SAFE_NO_PAD.encode(piece)]);
            }
        }
        let named = spellings.into_iter().map(|it| (what.to_owned(), it));
        self.0.extend(named);
    }

    /// The private numbers of a key file, and its lines.
    pub fn add_key(&mut self, path: &Path) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let pem = std::fs::read(path).unwrap();
        for line in String::from_utf8(pem.clone()).unwrap().lines() {
            if line.len() == 64 {
                self.add(&format!("a line of the key file {name}"), line);
            }
        }
        let key = PKey::private_key_from_pem(&pem).unwrap();
        let numbers = match (key.rsa(), key.ec_key()) {
            (Ok(rsa), _) => [
                Some(rsa.d()),
                rsa.p(),
                rsa.q(),
                rsa.dmp1(),
                rsa.dmq1(),
                rsa.iqmp(),
            ]
            .map(|number| number.unwrap().to_vec())
            .to_vec(),
            (_, Ok(ec)) => vec![ec.private_key().to_vec()],
            _ => panic!("{name} is of no kind that is known here"),
        };
        for number in numbers {
            self.add(&format!("a private number of the key {name}"), number);
        }
    }

    /// The texts of these members, wherever they stand in what the bank's customer shared.
    pub fn add_members(&mut self, data: &Value, members: &[&str]) {
        match data {
            Value::Object(all) => {
                for (name, value) in all {
                    match value.as_str() {
                        Some(text) if members.contains(&name.as_str()) && text.len() > 5 => {
                            self.add(name, text);
                        }
                        _ => self.add_members(value, members),
                    }
                }
            }
            Value::Array(all) => all.iter().for_each(|one| self.add_members(one, members)),
            _ => {}
        }
    }

    pub fn count(&self, what: &str) -> usize {
        self.0.iter().filter(|(name, _)| name == what).count()
    }

    /// Each line of `text` with something that must not be there, and what that is.
    pub fn found_in(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for line in text.lines() {
            let shapes = shapes().into_iter();
            let shapes = shapes
                .filter(|(_, shape)| shape.is_match(line))
                .map(|(name, _)| name);
            let values = self
                .0
                .iter()
                .filter(|(_, spelling)| line.contains(spelling));
            let names: BTreeSet<&str> = shapes
                .chain(values.map(|(name, _)| name.as_str()))
                .collect();
            if !names.is_empty() {
                found.push(format!("{names:?}: {line:.600}"));
            }
        }
        found
    }
}

/// What is secret by its look.
fn shapes() -> [(&'static str, Regex); 3] {
    [
        ("a PEM marker", "-----BEGIN"),
        ("a bearer token", r"(?i)bearer\s+[a-z0-9._~+/=-]{6,}"),
        (
            "a signed or encrypted token",
            r"eyJ[\w-]{8,}\.[\w-]*\.[\w-]*",
        ),
    ]
    .map(|(name, shape)| (name, Regex::new(shape).unwrap()))
}

/// What an answer to somebody outside must not tell of our insides.
pub fn insides_in(answer: &str) -> Option<String> {
    const INSIDES: &str = r"(?i)sqlite|postgres|\bselect\b|\brelation\b|diesel|panicked|\.rs\b|/tmp/|os error|refused \(|onnection refused|serde|at line \d|hyper|127\.0\.0\.1:\d";
    let shape = Regex::new(INSIDES).unwrap();
    shape.find(answer).map(|found| found.as_str().to_owned())
}

#[test]
fn what_is_hidden_in_a_line_is_found() {
    let mut secrets = Secrets::default();
    secrets.add("a phrase", "a heron above the padi");
    let body = b"{\"phrase\":\"a heron above the padi\"}";
    for line in [
        String::from_utf8_lossy(body).into_owned(),
        STANDARD.encode(body),
        URL_SAFE_NO_PAD.encode(&body[1..]),
        STANDARD.encode(&body[2..]),
        format!("{body:?}"),
        "authorization: Bearer abcdef.ghi".to_owned(),
        format!("{{\"data\":\"eyJhbGciOiJQUzI1NiJ9..{}\"}}", "x".repeat(43)),
        "-----BEGIN PRIVATE KEY-----".to_owned(),
    ] {
        assert_eq!(secrets.found_in(&line).len(), 1, "{line}");
    }
    let harmless = "a heron, above the padi; Bearer; eyJhbGciOiJQUzI1NiJ9";
    assert!(secrets.found_in(harmless).is_empty());
    assert!(insides_in("os error 111").is_some() && insides_in("please try again").is_none());
}
