//! Fields of objects.

use std::collections::BTreeSet;

use serde_json::json;

use super::view::{OtherMembers, Parts, View};
use super::{Comparison, Sink, schema};
use crate::change::{Draft, Effect, Element, Kind};
use crate::document::Document;
use crate::place::Place;
use crate::similar;

impl<'a> Comparison<'a> {
    pub(super) fn properties(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: &View<'a>,
        new: &View<'a>,
    ) {
        let names = |one: &View<'a>, other: &View<'a>| -> Vec<&'a str> {
            let names = one.properties.keys().copied();
            names
                .filter(|it| !other.properties.contains_key(it))
                .collect()
        };
        let (mut gone, mut come) = (names(old, new), names(new, old));
        let fits = |before: &str, now: &str| {
            let before = old.properties.get(before).map(|it| shape(self.old, it));
            before == new.properties.get(now).map(|it| shape(self.new, it))
        };
        for (before, now) in similar::renamed(&gone, &come, fits) {
            gone.retain(|it| *it != before);
            come.retain(|it| *it != now);
            sink.found(renamed(place, before, now));
            self.field(
                sink,
                &place.field(now),
                old.properties.get(before),
                new.properties.get(now),
            );
        }
        for name in &gone {
            sink.found(removed(&place.field(name), old.required.contains(name)));
        }
        for name in &come {
            let closed = old.other_members == OtherMembers::None;
            sink.found(added(
                &place.field(name),
                new.required.contains(name),
                closed,
            ));
        }
        let both = old
            .properties
            .keys()
            .filter(|it| new.properties.contains_key(*it));
        let both: Vec<&str> = both.copied().collect();
        for name in &both {
            self.field(
                sink,
                &place.field(name),
                old.properties.get(name),
                new.properties.get(name),
            );
        }
        let unnamed = old.required.union(&new.required).copied();
        let unnamed = unnamed
            .filter(|it| !old.properties.contains_key(it) && !new.properties.contains_key(it));
        let compared: BTreeSet<&str> = both.iter().copied().chain(unnamed).collect();
        for name in compared {
            let (before, now) = (old.required.contains(name), new.required.contains(name));
            requirement(sink, &place.field(name), before, now);
        }
    }

    fn field(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: Option<&Parts<'a>>,
        new: Option<&Parts<'a>>,
    ) {
        if let (Some(old), Some(new)) = (old, new) {
            self.schema(sink, place, old, new);
        }
    }
}

/// What two fields must have in common to be taken for one under two names.
fn shape(document: &Document, parts: &Parts<'_>) -> (Vec<String>, Vec<String>, Option<String>) {
    let view = View::of(document, parts);
    let texts = |set: &BTreeSet<&str>| set.iter().copied().map(str::to_owned).collect();
    let target = schema::target(document, parts).map(str::to_owned);
    (texts(&view.types), texts(&view.formats), target)
}

pub(super) fn requirement(sink: &mut Sink, place: &Place, old: bool, new: bool) {
    let (kind, effect, words) = match (old, new) {
        (false, true) => (Kind::Tightened, Effect::NARROWER, "is now required"),
        (true, false) => (Kind::Loosened, Effect::WIDER, "is no longer required"),
        _ => return,
    };
    let id = format!("required-{}/{}", super::constraints::verb(kind), place.slug);
    let text = format!("{} {words}", place.words());
    sink.found(Draft::new(Element::Constraint, kind, effect, id, text));
}

pub(super) fn deprecation(sink: &mut Sink, place: &Place, old: bool, new: bool) {
    if old == new {
        return;
    }
    let words = if new {
        "is now deprecated"
    } else {
        "is no longer deprecated"
    };
    let id = format!("deprecation-changed/{}:{old}..{new}", place.slug);
    let text = format!("{} {words}", place.words());
    sink.found(Draft::new(
        Element::Constraint,
        Kind::Changed,
        Effect::NONE,
        id,
        text,
    ));
}

/// Readers ignore what they do not know, unless the old edition forbade it; writers have to send what is required.
fn added(place: &Place, required: bool, closed: bool) -> Draft {
    let words = if required { "required" } else { "optional" };
    let id = format!("field-added/{}", place.slug);
    let text = format!("Field {} added, {words}", place.words());
    Draft::new(
        Element::Field,
        Kind::Added,
        Effect::new(closed, required),
        id,
        text,
    )
}

/// Readers miss what was required; writers send something that has lost its meaning.
fn removed(place: &Place, required: bool) -> Draft {
    let words = if required { "required" } else { "optional" };
    let id = format!("field-removed/{}", place.slug);
    let text = format!("Field {} removed; it was {words}", place.words());
    Draft::new(
        Element::Field,
        Kind::Removed,
        Effect::new(required, true),
        id,
        text,
    )
}

fn renamed(place: &Place, old: &str, new: &str) -> Draft {
    let id = format!("field-renamed/{}.{old}..{new}", place.slug);
    let text = format!(
        "Field {} looks renamed to `{new}`",
        place.field(old).words()
    );
    Draft::new(Element::Field, Kind::Renamed, Effect::BOTH, id, text)
        .values(Some(json!(old)), Some(json!(new)))
}
