//! A pair of schemas: types, nullability, forms, and the way down into items and members.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::view::{OtherMembers, Parts, View, allows_type};
use super::{Comparison, Part, Sink, is_annotation, values};
use crate::change::{Draft, Effect, Element, Kind};
use crate::document::{Document, pointer_name, reference};
use crate::place::Place;

/// Schemas written inside one another.
const MAX_DEPTH: usize = 64;

/// Alternatives of one side times those of the other.
const MAX_FORM_PAIRS: usize = 10_000;

/// Addresses of the parts of both sides.
pub(super) type Pair = (Vec<usize>, Vec<usize>);

impl<'a> Comparison<'a> {
    /// A schema that either side may leave out.
    pub(super) fn optional_schema(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: Option<&'a Value>,
        new: Option<&'a Value>,
    ) {
        if old.is_some() || new.is_some() {
            let parts = |schema: Option<&'a Value>| -> Parts<'a> { schema.into_iter().collect() };
            self.schema(sink, place, &parts(old), &parts(new));
        }
    }

    /// Compares two schemas, or leaves a link if both are components.
    pub(super) fn schema(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: &[&'a Value],
        new: &[&'a Value],
    ) {
        match (target(self.old, old), target(self.new, new)) {
            (Some(old), Some(new)) => sink.link(Part::Schema, old, new),
            _ => self.schema_here(sink, place, old, new),
        }
    }

    pub(super) fn schema_here(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: &[&'a Value],
        new: &[&'a Value],
    ) {
        let pair = (addresses(old), addresses(new));
        if self.above.contains(&pair) || !self.step() {
            return;
        }
        if self.above.len() >= MAX_DEPTH {
            if old != new {
                sink.found(super::by_hand(place, "depth", &json!(old), &json!(new)));
            }
            return;
        }
        self.above.push(pair);
        self.views(sink, place, old, new);
        self.above.pop();
    }

    fn views(&mut self, sink: &mut Sink, place: &Place, old: &[&'a Value], new: &[&'a Value]) {
        let (before, now) = (View::of(self.old, old), View::of(self.new, new));
        if before.dangling != now.dangling {
            sink.found(super::by_hand(place, "reference", &json!(old), &json!(new)));
        }
        for dangling in before.dangling.iter().chain(&now.dangling) {
            self.notes.insert(format!("Not compared: {}.", dangling.0));
        }
        nullability(sink, place, &before, &now);
        if !types(sink, place, &before, &now) {
            // Two different types have nothing in common that could be compared.
            return;
        }
        values::enumerations(sink, place, &before, &now);
        super::constraints::compare(sink, place, &before, &now);
        self.forms(
            sink,
            place,
            ("oneOf", "one of"),
            (&before.one_of, &now.one_of),
        );
        self.forms(
            sink,
            place,
            ("anyOf", "any of"),
            (&before.any_of, &now.any_of),
        );
        self.properties(sink, place, &before, &now);
        self.other_members(sink, place, &before.other_members, &now.other_members);
        if !before.items.is_empty() || !now.items.is_empty() {
            self.schema(sink, &place.items(), &before.items, &now.items);
        }
    }

    fn other_members(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: &OtherMembers<'a>,
        new: &OtherMembers<'a>,
    ) {
        use OtherMembers::{Any, None, Of};
        let (kind, effect, words) = match (old, new) {
            (Any, Any) | (None, None) => return,
            (Of(old), Of(new)) => {
                return self.schema(sink, &place.values(), old, new);
            }
            (Any | Of(_), None) => (
                Kind::Tightened,
                Effect::NARROWER,
                "no members but those named are allowed",
            ),
            (Any, Of(_)) => (
                Kind::Tightened,
                Effect::NARROWER,
                "members that are not named must have a certain form",
            ),
            (None | Of(_), Any) => (
                Kind::Loosened,
                Effect::WIDER,
                "any further members are allowed",
            ),
            (None, Of(_)) => (
                Kind::Loosened,
                Effect::WIDER,
                "further members of a certain form are allowed",
            ),
        };
        let id = format!(
            "other-members-{}/{}",
            super::constraints::verb(kind),
            place.slug
        );
        let text = format!("{}: {words}", place.words());
        sink.found(Draft::new(Element::Constraint, kind, effect, id, text));
    }

    /// Alternatives: those that are alike are compared, the rest came or went.
    fn forms(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        (keyword, words): (&str, &str),
        (old, new): (&[&'a Value], &[&'a Value]),
    ) {
        if old.is_empty() != new.is_empty() {
            let (kind, effect) = if old.is_empty() {
                (Kind::Tightened, Effect::NARROWER)
            } else {
                (Kind::Loosened, Effect::WIDER)
            };
            let verb = if old.is_empty() {
                "must now have"
            } else {
                "need no longer have"
            };
            let id = format!(
                "{keyword}-{}/{}",
                super::constraints::verb(kind),
                place.slug
            );
            let text = format!("{} {verb} {words} several forms", place.words());
            sink.found(Draft::new(Element::Form, kind, effect, id, text));
            return;
        }
        if old.len().saturating_mul(new.len()) > MAX_FORM_PAIRS {
            if old != new {
                sink.found(super::by_hand(place, keyword, &json!(old), &json!(new)));
            }
            return;
        }
        let (mut old, mut new) = (old.to_vec(), new.to_vec());
        for (before, now) in alike(&mut old, &mut new) {
            let name = form_name(now);
            self.schema(sink, &place.form(&name), &[before], &[now]);
        }
        let changes = [(old, Kind::Removed, "removed"), (new, Kind::Added, "added")];
        for (forms, kind, verb) in changes {
            for form in forms {
                let name = form_name(form);
                let effect = if kind == Kind::Added {
                    Effect::WIDER
                } else {
                    Effect::NARROWER
                };
                let id = format!("form-{verb}/{}<{name}>", place.slug);
                let text = format!("{}: the form `{name}` {verb}", place.words());
                sink.found(Draft::new(Element::Form, kind, effect, id, text));
            }
        }
    }
}

/// Takes pairs out of both lists: the same component, equal schemas, then whatever stands at the same position.
fn alike<'a>(old: &mut Vec<&'a Value>, new: &mut Vec<&'a Value>) -> Vec<(&'a Value, &'a Value)> {
    let mut pairs = Vec::new();
    old.retain(|before| {
        let same = |now: &&Value| match (reference(before), reference(now)) {
            (Some(before), Some(now)) => before == now,
            _ => before == now,
        };
        match new.iter().position(same) {
            None => true,
            Some(position) => {
                pairs.push((*before, new.remove(position)));
                false
            }
        }
    });
    let inline = |it: &&Value| reference(it).is_none();
    let before: Vec<&Value> = old.iter().copied().filter(inline).collect();
    let now: Vec<&Value> = new.iter().copied().filter(inline).collect();
    let taken: Vec<_> = before.into_iter().zip(now).collect();
    old.retain(|it| !taken.iter().any(|(before, _)| before == it));
    new.retain(|it| !taken.iter().any(|(_, now)| now == it));
    pairs.extend(taken);
    pairs
}

/// Never by position, as ids must not depend on the order.
fn form_name(form: &Value) -> String {
    let text = |key| form.get(key).and_then(Value::as_str);
    match reference(form) {
        Some(pointer) => pointer_name(pointer),
        None => text("title")
            .or_else(|| text("type"))
            .map_or_else(|| values::short(Some(form)), str::to_owned),
    }
}

/// The component that a schema simply is, if it is one.
pub(super) fn target<'a>(document: &Document, parts: &[&'a Value]) -> Option<&'a str> {
    let (part, others) = parts.split_first()?;
    if others.iter().any(|other| other != part) {
        return None;
    }
    let only = |kept: &str, part: &Value| {
        let keys = part.as_object().into_iter().flatten();
        keys.into_iter()
            .all(|(key, _)| key == kept || is_annotation(key))
    };
    if let Some(pointer) = reference(part) {
        let alone = !document.siblings_count() || only("$ref", part);
        return (alone && document.at(pointer).is_ok()).then_some(pointer);
    }
    let wrapped = part.get("allOf").and_then(Value::as_array)?;
    let [inner] = &wrapped[..] else { return None };
    let pointer = reference(inner)?;
    let alone = only("allOf", part) && (!document.siblings_count() || only("$ref", inner));
    (alone && document.at(pointer).is_ok()).then_some(pointer)
}

/// By identity and not by value: a cycle leads to the same place in memory.
fn addresses(parts: &[&Value]) -> Vec<usize> {
    let address = |part: &&Value| std::ptr::from_ref::<Value>(part).addr();
    parts.iter().map(address).collect()
}

fn nullability(sink: &mut Sink, place: &Place, old: &View<'_>, new: &View<'_>) {
    let (kind, effect, words) = match (old.nullable, new.nullable) {
        (false, true) => (Kind::Loosened, Effect::WIDER, "may now be null"),
        (true, false) => (Kind::Tightened, Effect::NARROWER, "may no longer be null"),
        _ => return,
    };
    let id = format!("null-{}/{}", super::constraints::verb(kind), place.slug);
    let text = format!("{} {words}", place.words());
    sink.found(Draft::new(Element::Constraint, kind, effect, id, text));
}

/// Whether the two have a type in common.
fn types(sink: &mut Sink, place: &Place, old: &View<'_>, new: &View<'_>) -> bool {
    if old.types == new.types {
        return true;
    }
    let within = |one: &BTreeSet<&str>, other: &BTreeSet<&str>| {
        other.is_empty() || (!one.is_empty() && one.iter().all(|it| allows_type(other, it)))
    };
    let (kind, effect) = if within(&new.types, &old.types) {
        (Kind::Tightened, Effect::NARROWER)
    } else if within(&old.types, &new.types) {
        (Kind::Loosened, Effect::WIDER)
    } else {
        (Kind::Changed, Effect::BOTH)
    };
    let words = |types: &BTreeSet<&str>| {
        let types: Vec<&str> = types.iter().copied().collect();
        if types.is_empty() {
            "anything".to_owned()
        } else {
            types.join(" or ")
        }
    };
    let (before, now) = (words(&old.types), words(&new.types));
    let id = format!(
        "type-{}/{}:{before}..{now}",
        super::constraints::verb(kind),
        place.slug
    );
    let text = format!("{}: {now} instead of {before}", place.words());
    let draft = Draft::new(
        Element::Constraint,
        kind,
        effect,
        id.replace(' ', "-"),
        text,
    );
    sink.found(draft.values(Some(json!(old.types)), Some(json!(new.types))));
    kind != Kind::Changed
}
