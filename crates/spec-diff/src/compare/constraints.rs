//! What limits a value: lengths, ranges, patterns, formats, and keywords without a rule of their own.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::view::{Bound, Limit, View};
use super::{Sink, values};
use crate::change::{Draft, Effect, Element, Kind};
use crate::place::Place;

const LIMITS: [Limit; 8] = [
    Limit::MaxItems,
    Limit::MaxLength,
    Limit::MaxProperties,
    Limit::Maximum,
    Limit::MinItems,
    Limit::MinLength,
    Limit::MinProperties,
    Limit::Minimum,
];

pub(super) fn compare(sink: &mut Sink, place: &Place, old: &View<'_>, new: &View<'_>) {
    for limit in LIMITS {
        let (old, new) = (old.limits.get(&limit), new.limits.get(&limit));
        limit_change(sink, place, limit, old, new);
    }
    let texts = |set: &BTreeSet<&str>| {
        let joined = set.iter().copied().collect::<Vec<_>>().join(" and ");
        (!set.is_empty()).then_some(joined)
    };
    rule(
        sink,
        place,
        "pattern",
        "the pattern",
        (texts(&old.patterns), texts(&new.patterns)),
        &[],
    );
    // An int32 is an int64 too, a float a double.
    let wider = [("int32", "int64"), ("float", "double")];
    rule(
        sink,
        place,
        "format",
        "the format",
        (texts(&old.formats), texts(&new.formats)),
        &wider,
    );
    let number = |value: Option<&Value>| value.map(ToString::to_string);
    rule(
        sink,
        place,
        "multiple-of",
        "a multiple of",
        (number(old.multiple_of), number(new.multiple_of)),
        &[],
    );
    let unique = |unique: bool| unique.then(|| "different".to_owned());
    rule(
        sink,
        place,
        "unique-items",
        "entries all",
        (unique(old.unique_items), unique(new.unique_items)),
        &[],
    );
    super::properties::deprecation(sink, place, old.deprecated, new.deprecated);
    default_change(sink, place, old.default, new.default);
    without_rule(sink, place, old, new);
}

pub(super) fn verb(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "added",
        Kind::Changed => "changed",
        Kind::Loosened => "loosened",
        Kind::Removed => "removed",
        Kind::Renamed => "renamed",
        Kind::Tightened => "tightened",
    }
}

fn limit_change(
    sink: &mut Sink,
    place: &Place,
    limit: Limit,
    old: Option<&Bound<'_>>,
    new: Option<&Bound<'_>>,
) {
    let order = match (old, new) {
        (None, None) => return,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(old), Some(new)) => limit.compare(new, old),
    };
    let (kind, effect) = match order {
        Ordering::Equal => return,
        Ordering::Less => (Kind::Tightened, Effect::NARROWER),
        Ordering::Greater => (Kind::Loosened, Effect::WIDER),
    };
    // "at most 20 characters instead of 30"
    let same_kind = old.map(|it| it.exclusive) == new.map(|it| it.exclusive);
    let before = old.map(|bound| {
        if same_kind {
            bound.number.to_string()
        } else {
            words(limit, bound)
        }
    });
    change(
        sink,
        place,
        name(limit),
        (kind, effect),
        (before, new.map(|bound| words(limit, bound))),
        (
            old.map(|it| json!(it.number)),
            new.map(|it| json!(it.number)),
        ),
    );
}

/// A rule that is there or not; `wider` lists pairs in which the second allows what the first does.
fn rule(
    sink: &mut Sink,
    place: &Place,
    name: &str,
    words: &str,
    (old, new): (Option<String>, Option<String>),
    wider: &[(&str, &str)],
) {
    let widens = |from: &str, to: &str| wider.contains(&(from, to));
    let (kind, effect) = match (&old, &new) {
        (None, Some(_)) => (Kind::Tightened, Effect::NARROWER),
        (Some(_), None) => (Kind::Loosened, Effect::WIDER),
        (old, new) if old == new => return,
        (Some(old), Some(new)) if widens(old, new) => (Kind::Loosened, Effect::WIDER),
        (Some(old), Some(new)) if widens(new, old) => (Kind::Tightened, Effect::NARROWER),
        _ => (Kind::Changed, Effect::BOTH),
    };
    let described = |value: &String| format!("{words} `{value}`");
    let before = old.as_ref().map(|value| match new {
        Some(_) => format!("`{value}`"),
        None => described(value),
    });
    let sentences = (before, new.as_ref().map(described));
    let values = (old.map(Value::from), new.map(Value::from));
    change(sink, place, name, (kind, effect), sentences, values);
}

fn change(
    sink: &mut Sink,
    place: &Place,
    name: &str,
    (kind, effect): (Kind, Effect),
    (before, now): (Option<String>, Option<String>),
    (old, new): (Option<Value>, Option<Value>),
) {
    let what = match (before, now) {
        (Some(before), Some(now)) => format!("{now} instead of {before}"),
        (None, Some(now)) => format!("{now}, where there was no such rule"),
        (Some(before), None) => format!("no longer {before}"),
        (None, None) => return,
    };
    let id = format!(
        "{name}-{}/{}:{}..{}",
        verb(kind),
        place.slug,
        values::short(old.as_ref()),
        values::short(new.as_ref())
    );
    let text = format!("{}: {what}", place.words());
    sink.found(Draft::new(Element::Constraint, kind, effect, id, text).values(old, new));
}

/// Whoever leaves a value out means something else from now on.
fn default_change(sink: &mut Sink, place: &Place, old: Option<&Value>, new: Option<&Value>) {
    if old == new {
        return;
    }
    let id = format!(
        "default-changed/{}:{}..{}",
        place.slug,
        values::short(old),
        values::short(new)
    );
    let text = format!(
        "{}: if left out, {} is meant instead of {}",
        place.words(),
        values::shown(new),
        values::shown(old)
    );
    let draft = Draft::new(Element::Constraint, Kind::Changed, Effect::BOTH, id, text);
    sink.found(draft.values(old.cloned(), new.cloned()));
}

fn without_rule(sink: &mut Sink, place: &Place, old: &View<'_>, new: &View<'_>) {
    let keys: BTreeSet<&str> = old.rest.keys().chain(new.rest.keys()).copied().collect();
    for key in keys {
        let value = |view: &View<'_>| view.rest.get(key).map_or(Value::Null, |it| (*it).clone());
        let (old, new) = (value(old), value(new));
        if old != new {
            sink.found(super::by_hand(place, key, &old, &new));
        }
    }
}

fn name(limit: Limit) -> &'static str {
    match limit {
        Limit::MaxItems => "max-items",
        Limit::MaxLength => "max-length",
        Limit::MaxProperties => "max-members",
        Limit::Maximum => "maximum",
        Limit::MinItems => "min-items",
        Limit::MinLength => "min-length",
        Limit::MinProperties => "min-members",
        Limit::Minimum => "minimum",
    }
}

fn words(limit: Limit, bound: &Bound<'_>) -> String {
    let number = bound.number;
    let one = number.as_u64() == Some(1);
    let of = |single: &str, several: &str| {
        let noun = if one { single } else { several };
        format!("{number} {noun}")
    };
    match (limit, bound.exclusive) {
        (Limit::MaxItems, _) => format!("at most {}", of("entry", "entries")),
        (Limit::MaxLength, _) => format!("at most {}", of("character", "characters")),
        (Limit::MaxProperties, _) => format!("at most {}", of("member", "members")),
        (Limit::Maximum, false) => format!("at most {number}"),
        (Limit::Maximum, true) => format!("less than {number}"),
        (Limit::MinItems, _) => format!("at least {}", of("entry", "entries")),
        (Limit::MinLength, _) => format!("at least {}", of("character", "characters")),
        (Limit::MinProperties, _) => format!("at least {}", of("member", "members")),
        (Limit::Minimum, false) => format!("at least {number}"),
        (Limit::Minimum, true) => format!("more than {number}"),
    }
}
