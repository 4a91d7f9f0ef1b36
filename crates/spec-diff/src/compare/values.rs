//! Single values: enumerations, and values in ids and sentences.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Sink;
use super::view::View;
use crate::change::{Draft, Effect, Element, Kind};
use crate::place::Place;
use crate::similar;

/// Longer values stand in an id as a checksum.
const MAX_SHORT: usize = 40;
/// Longer values are cut in a sentence.
const MAX_SHOWN: usize = 120;

pub(super) fn enumerations(sink: &mut Sink, place: &Place, old: &View<'_>, new: &View<'_>) {
    match (&old.values, &new.values) {
        (None, None) => {}
        (Some(old), Some(new)) => values(sink, place, old, new),
        (None, Some(new)) => {
            let id = format!("enum-tightened/{}", place.slug);
            let text = format!("{}: only listed values are allowed", place.words());
            let (kind, effect) = (Kind::Tightened, Effect::NARROWER);
            let draft = Draft::new(Element::Constraint, kind, effect, id, text);
            sink.found(draft.values(None, Some(json!(new.values().collect::<Vec<_>>()))));
        }
        (Some(old), None) => {
            let id = format!("enum-loosened/{}", place.slug);
            let text = format!("{}: values are no longer limited to a list", place.words());
            let (kind, effect) = (Kind::Loosened, Effect::WIDER);
            let draft = Draft::new(Element::Constraint, kind, effect, id, text);
            sink.found(draft.values(Some(json!(old.values().collect::<Vec<_>>())), None));
        }
    }
}

type Values<'a> = BTreeMap<String, &'a Value>;

fn values(sink: &mut Sink, place: &Place, old: &Values<'_>, new: &Values<'_>) {
    let missing = |one: &Values<'_>, other: &Values<'_>| -> Vec<String> {
        let keys = one.keys().filter(|key| !other.contains_key(*key));
        keys.cloned().collect()
    };
    let (mut gone, mut come) = (missing(old, new), missing(new, old));
    for (before, now) in renamed(&gone, &come) {
        gone.retain(|it| *it != before);
        come.retain(|it| *it != now);
        sink.found(renaming(place, old.get(&before), new.get(&now)));
    }
    for key in gone {
        sink.found(single(place, old.get(&key), Kind::Removed));
    }
    for key in come {
        sink.found(single(place, new.get(&key), Kind::Added));
    }
}

/// One value that went and one that came, in an enumeration that otherwise stayed, look like one renamed.
fn renamed(gone: &[String], come: &[String]) -> Vec<(String, String)> {
    if let ([gone], [come]) = (gone, come) {
        return vec![(gone.clone(), come.clone())];
    }
    let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
    let come: Vec<&str> = come.iter().map(String::as_str).collect();
    similar::renamed(&gone, &come, |_, _| true)
        .into_iter()
        .map(|(before, now)| (before.to_owned(), now.to_owned()))
        .collect()
}

fn renaming(place: &Place, old: Option<&&Value>, new: Option<&&Value>) -> Draft {
    let (old, new) = (old.copied(), new.copied());
    let id = format!(
        "enum-value-renamed/{}:{}..{}",
        place.slug,
        short(old),
        short(new)
    );
    let text = format!(
        "{}: value {} looks renamed to {}",
        place.words(),
        shown(old),
        shown(new)
    );
    Draft::new(Element::EnumValue, Kind::Renamed, Effect::BOTH, id, text)
        .values(old.cloned(), new.cloned())
}

fn single(place: &Place, value: Option<&&Value>, kind: Kind) -> Draft {
    let value = value.copied();
    let (verb, effect) = match kind {
        Kind::Added => ("added", Effect::WIDER),
        _ => ("removed", Effect::NARROWER),
    };
    let id = format!("enum-value-{verb}/{}:{}", place.slug, short(value));
    let text = format!("{}: value {} {verb}", place.words(), shown(value));
    let draft = Draft::new(Element::EnumValue, kind, effect, id, text);
    match kind {
        Kind::Added => draft.values(None, value.cloned()),
        _ => draft.values(value.cloned(), None),
    }
}

/// The same text for the same value, whatever the order of its members.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, String> = members
                .iter()
                .map(|(key, value)| (key, canonical(value)))
                .collect();
            format!("{members:?}")
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(canonical).collect();
            format!("[{}]", values.join(","))
        }
        other => other.to_string(),
    }
}

/// For ids.
pub(super) fn short(value: Option<&Value>) -> String {
    let Some(value) = value.filter(|it| !it.is_null()) else {
        return "-".to_owned();
    };
    let text = match value {
        Value::String(text) => text.clone(),
        other => canonical(other),
    };
    let plain = |letter: char| letter.is_alphanumeric() || "-_.+/^$[]{}()|\\".contains(letter);
    if !text.is_empty() && text.len() <= MAX_SHORT && text.chars().all(plain) {
        text
    } else {
        format!("#{:016x}", checksum(text.as_bytes()))
    }
}

/// For sentences.
pub(super) fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if text.chars().count() > MAX_SHOWN {
        let cut: String = text.chars().take(MAX_SHOWN).collect();
        format!("`{cut}…`")
    } else {
        format!("`{text}`")
    }
}

/// FNV-1a: tells accidental twins apart, which is all that is asked here.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
