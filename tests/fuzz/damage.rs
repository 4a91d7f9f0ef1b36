//! Changes of a known input, the same in every run.

use serde_json::{Value, json};

use crate::targets::{NOW, OURS};

/// Deterministic xorshift, so that a failure can be repeated.
pub struct Damage(u64);

impl Damage {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 up to, not including, `below`.
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % below.max(1)
    }

    pub fn bytes(&mut self, input: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.next(3) {
            let position = self.next(bytes.len());
            match self.next(3) {
                0 => bytes.truncate(position),
                1 => bytes.insert(position, b"{}[]\",:\\0-e\xff"[self.next(12)]),
                _ => {
                    if let Some(byte) = bytes.get_mut(position) {
                        *byte ^= 1 << self.next(8);
                    }
                }
            }
        }
        bytes
    }

    /// The beginning of one and the end of another.
    pub fn splice(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let head = &input[..self.next(input.len())];
        let tail = &other[self.next(other.len())..];
        [head, tail].concat()
    }

    /// Other values where values stand, and some of them gone.
    pub fn members(&mut self, mut document: Value) -> Value {
        for _ in 0..=self.next(2) {
            let mut places = Vec::new();
            list(&document, String::new(), &mut places);
            let place = &places[self.next(places.len())];
            let value = self.value();
            if self.next(4) == 0 {
                remove(&mut document, place);
            } else if let Some(found) = document.pointer_mut(place) {
                *found = value;
            }
        }
        document
    }

    /// Something at the border of what is allowed, or of another kind.
    fn value(&mut self) -> Value {
        let edges = [-301, -300, -11, -10, -9, 0, 10, 11, 300, 301, 600, 601];
        let time = NOW + edges[self.next(edges.len())];
        let others = [
            json!(null),
            json!(true),
            json!(-0.0),
            json!(f64::MAX),
            json!(i64::MIN),
            json!(""),
            json!("é\u{0}\n"),
            json!("x".repeat(300)),
            json!(OURS),
            json!([OURS, 7]),
            json!([]),
            json!({}),
            json!({ "page_size": "50" }),
            json!("Authorized"),
            json!("read_balances"),
            json!("+262142-12-31T23:59:59Z"),
            json!("-0001-01-01T00:00:00Z"),
            json!("9999-12-31T23:59:60-23:59"),
            json!("2026-11-20T10:15:30.999999999+08:00"),
        ];
        match self.next(3) {
            0 => json!(time),
            1 => json!(format!("{time}.5").parse::<f64>().unwrap_or_default()),
            _ => others[self.next(others.len())].clone(),
        }
    }
}

/// JSON pointers to all values inside.
fn list(value: &Value, place: String, places: &mut Vec<String>) {
    match value {
        Value::Object(all) => {
            for (name, value) in all {
                let name = name.replace('~', "~0").replace('/', "~1");
                list(value, format!("{place}/{name}"), places);
            }
        }
        Value::Array(all) => {
            for (position, value) in all.iter().enumerate() {
                list(value, format!("{place}/{position}"), places);
            }
        }
        _ => {}
    }
    places.push(place);
}

fn remove(document: &mut Value, place: &str) {
    let Some((parent, name)) = place.rsplit_once('/') else {
        return;
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(all)) => drop(all.remove(name)),
        Some(Value::Array(all)) => all.truncate(name.parse().unwrap_or_default()),
        _ => {}
    }
}
