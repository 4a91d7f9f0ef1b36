//! JSON in which an object that names a member twice is noticed.
//!
//! Most parsers keep the last of two equal names, some the first. Where a signature decides over money or data, two readers must
//! not see two different messages in the same bytes, so RFC 7515 §4 and RFC 7517 §4 let us refuse such objects. The reader below
//! does not fail at once but remembers the name, so that one bad key does not hide the rest of a key set.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

use crate::jws_error::excerpt;

/// Reads JSON that can be read in one way only.
pub fn read_unambiguous(json: &[u8]) -> Result<Value, AmbiguousJson> {
    let observed: Observed = serde_json::from_slice(json).map_err(|_| AmbiguousJson::Malformed)?;
    match observed.repeated {
        None => Ok(observed.value),
        Some(name) => Err(AmbiguousJson::RepeatedMember(excerpt(&name))),
    }
}

/// Why JSON was not read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum AmbiguousJson {
    /// Not JSON, or nested more than 127 levels deep.
    #[error("not JSON")]
    Malformed,
    /// Some object names this member twice.
    #[error("the member {0:?} appears twice")]
    RepeatedMember(String),
}

/// A JSON value, and the first member name found twice in one object anywhere inside it.
pub(crate) struct Observed {
    pub(crate) value: Value,
    pub(crate) repeated: Option<String>,
}

impl Observed {
    fn plain(value: impl Into<Value>) -> Self {
        Self {
            value: value.into(),
            repeated: None,
        }
    }
}

impl<'de> Deserialize<'de> for Observed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Observer)
    }
}

struct Observer;

impl<'de> Visitor<'de> for Observer {
    type Value = Observed;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Observed, E> {
        Ok(Observed::plain(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Observed, E> {
        Ok(Observed::plain(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Observed, E> {
        Ok(Observed::plain(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Observed, E> {
        Number::from_f64(value)
            .map(Observed::plain)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Observed, E> {
        Ok(Observed::plain(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Observed, E> {
        Ok(Observed::plain(value))
    }

    fn visit_unit<E>(self) -> Result<Observed, E> {
        Ok(Observed::plain(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Observed, A::Error> {
        let mut values = Vec::new();
        let mut repeated = None;
        while let Some(item) = items.next_element::<Observed>()? {
            repeated = repeated.or(item.repeated);
            values.push(item.value);
        }
        Ok(Observed {
            value: Value::Array(values),
            repeated,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Observed, A::Error> {
        let mut object = Map::new();
        let mut repeated = None;
        while let Some((name, member)) = members.next_entry::<String, Observed>()? {
            repeated = repeated.or(member.repeated);
            if object.contains_key(&name) {
                repeated.get_or_insert(name);
            } else {
                object.insert(name, member.value);
            }
        }
        Ok(Observed {
            value: Value::Object(object),
            repeated,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn observe(text: &str) -> Option<(Value, Option<String>)> {
        let observed: Observed = serde_json::from_str(text).ok()?;
        Some((observed.value, observed.repeated))
    }

    #[test]
    fn reads_every_kind_of_value() {
        let value = json!({"a": [1, -1, 1.5, true, null, "s"], "b": {"c": {}}});
        assert_eq!(observe(&value.to_string()), Some((value, None)));
    }

    #[test]
    fn notices_a_repeated_name_at_any_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"x":{"a":1,"a":2}}"#,
            r#"[{"a":1},[{"a":1,"b":2,"a":3}]]"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            let repeated = observe(text).and_then(|(_, repeated)| repeated);
            assert_eq!(repeated.as_deref(), Some("a"), "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_read() {
        let repeated = read_unambiguous(br#"{"a":[{"b":1,"b":1}]}"#);
        assert_eq!(repeated, Err(AmbiguousJson::RepeatedMember("b".to_owned())));
        assert_eq!(read_unambiguous(b"{} {}"), Err(AmbiguousJson::Malformed));
        assert_eq!(read_unambiguous(br#"{"a":1}"#), Ok(json!({ "a": 1 })));
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
        assert!(observe(&"[".repeat(100_000)).is_none());
    }
}
