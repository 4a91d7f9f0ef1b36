//! Parameters of requests and headers of answers: both are a name, whether it is required, and a schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::operations::Operation;
use super::{Comparison, Part, Sink, flag, is_annotation};
use crate::change::{Draft, Effect, Element, Kind};
use crate::document::{Document, reference};
use crate::place::Place;
use crate::similar;

/// What is compared by rules; the rest by hand.
const JUDGED: [&str; 6] = ["content", "deprecated", "in", "name", "required", "schema"];

/// Where it stands, and what it is called there: a path's variable by its position.
type Key = (String, String);

#[derive(Clone, Copy)]
struct Parameter<'a> {
    name: &'a str,
    value: &'a Value,
    pointer: Option<&'a str>,
}

type Parameters<'a> = BTreeMap<Key, Parameter<'a>>;

impl<'a> Comparison<'a> {
    pub(super) fn parameters(&mut self, sink: &mut Sink, old: &Operation<'a>, new: &Operation<'a>) {
        let mut before = self.read(self.old, old);
        let mut now = self.read(self.new, new);
        let both: Vec<Key> = before
            .keys()
            .filter(|it| now.contains_key(*it))
            .cloned()
            .collect();
        for key in both {
            if let (Some(old), Some(now)) = (before.remove(&key), now.remove(&key)) {
                self.parameter(sink, &new.id, &key.0, &old, &now);
            }
        }
        for (gone, come) in look_renamed(&before, &now) {
            if let (Some(old), Some(now)) = (before.remove(&gone), now.remove(&come)) {
                sink.found(renamed(&new.id, &gone.0, old.name, now.name, Effect::BOTH));
            }
        }
        for ((location, _), parameter) in before {
            sink.found(gone(&new.id, &location, &parameter));
        }
        for ((location, _), parameter) in now {
            sink.found(come(&new.id, &location, &parameter));
        }
    }

    fn read(&mut self, document: &'a Document, operation: &Operation<'a>) -> Parameters<'a> {
        let mut found = BTreeMap::new();
        // The operation's own come last: they replace those of the path.
        for owner in [operation.item, operation.value] {
            let listed = owner.get("parameters").and_then(Value::as_array);
            for listed in listed.into_iter().flatten() {
                let Some((value, pointer)) = self.noted(document.follow(listed)) else {
                    continue;
                };
                let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default();
                let name = text("name");
                let key = key(text("in"), name, &operation.path);
                let parameter = Parameter {
                    name,
                    value,
                    pointer,
                };
                found.insert(key, parameter);
            }
        }
        found
    }

    fn parameter(
        &mut self,
        sink: &mut Sink,
        operation: &str,
        location: &str,
        old: &Parameter<'a>,
        new: &Parameter<'a>,
    ) {
        if location == "path" && old.name != new.name {
            sink.found(renamed(
                operation,
                location,
                old.name,
                new.name,
                Effect::NONE,
            ));
        }
        if let (Some(before), Some(now)) = (old.pointer, new.pointer) {
            sink.link(Part::Parameter, before, now);
        } else {
            let place = place(operation, location, new.name);
            self.described_value(sink, &place, old.value, new.value);
        }
    }

    pub(super) fn shared_parameter(
        &mut self,
        sink: &mut Sink,
        component: &str,
        old: &'a Value,
        new: &'a Value,
    ) {
        let text = |key| new.get(key).and_then(Value::as_str).unwrap_or_default();
        let words = format!("{} parameter `{}`", text("in"), text("name"));
        let place = Place::described(component, words);
        self.described_value(sink, &place, old, new);
    }

    pub(super) fn headers(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: Option<&'a Value>,
        new: Option<&'a Value>,
    ) {
        let lower = |headers| -> BTreeMap<String, &'a Value> {
            let headers = super::members(headers).into_iter();
            headers
                .map(|(name, it)| (name.to_lowercase(), it))
                .collect()
        };
        let (before, now) = (lower(old), lower(new));
        let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        for name in names {
            let at = Place::described(
                format!("{}.header.{name}", place.slug),
                format!("{}, header `{name}`", place.words()),
            );
            match (before.get(name), now.get(name)) {
                (Some(old), Some(new)) => self.header(sink, &at, old, new),
                (Some(old), None) => {
                    let required = self
                        .old
                        .follow(old)
                        .is_ok_and(|(it, _)| flag(it, "required"));
                    sink.found(absence(Element::Header, &at, required));
                }
                (None, Some(new)) => {
                    let required = self
                        .new
                        .follow(new)
                        .is_ok_and(|(it, _)| flag(it, "required"));
                    sink.found(presence(Element::Header, &at, required));
                }
                (None, None) => {}
            }
        }
    }

    fn header(&mut self, sink: &mut Sink, place: &Place, old: &'a Value, new: &'a Value) {
        if let (Some(before), Some(now)) = (reference(old), reference(new)) {
            sink.link(Part::Header, before, now);
        } else if let Some(((old, _), (new, _))) = self.followed(sink, place, old, new) {
            self.described_value(sink, place, old, new);
        }
    }

    pub(super) fn shared_header(
        &mut self,
        sink: &mut Sink,
        component: &str,
        old: &'a Value,
        new: &'a Value,
    ) {
        let place = Place::described(component, format!("response header `{component}`"));
        self.described_value(sink, &place, old, new);
    }

    /// What a Parameter Object and a Header Object have in common.
    fn described_value(&mut self, sink: &mut Sink, place: &Place, old: &'a Value, new: &'a Value) {
        // A component may itself be a reference.
        let Some(((old, _), (new, _))) = self.followed(sink, place, old, new) else {
            return;
        };
        super::properties::requirement(sink, place, flag(old, "required"), flag(new, "required"));
        super::properties::deprecation(
            sink,
            place,
            flag(old, "deprecated"),
            flag(new, "deprecated"),
        );
        self.optional_schema(sink, place, old.get("schema"), new.get("schema"));
        self.content(sink, place, old.get("content"), new.get("content"), false);
        let (before, now) = (super::members(Some(old)), super::members(Some(new)));
        let keys: BTreeSet<&str> = before.keys().chain(now.keys()).copied().collect();
        for key in keys {
            let (old, new) = (before.get(key), now.get(key));
            if old != new && !JUDGED.contains(&key) && !is_annotation(key) {
                let value = |it: Option<&&Value>| it.map_or(Value::Null, |it| (*it).clone());
                sink.found(super::by_hand(place, key, &value(old), &value(new)));
            }
        }
    }
}

fn key(location: &str, name: &str, path: &str) -> Key {
    let name = match location {
        "header" => name.to_lowercase(),
        "path" => {
            let variable = format!("{{{name}}}");
            let variables = path.split('/').filter(|it| it.starts_with('{'));
            let position = variables.clone().position(|it| it == variable);
            position.map_or_else(|| name.to_owned(), |position| position.to_string())
        }
        _ => name.to_owned(),
    };
    (location.to_owned(), name)
}

fn place(operation: &str, location: &str, name: &str) -> Place {
    Place::described(
        format!("{operation}.{location}.{name}"),
        format!("`{operation}`: {location} parameter `{name}`"),
    )
}

fn look_renamed(old: &Parameters<'_>, new: &Parameters<'_>) -> Vec<(Key, Key)> {
    let locations: BTreeSet<&String> = old.keys().map(|(location, _)| location).collect();
    let mut pairs = Vec::new();
    for location in locations {
        fn names<'b>(parameters: &'b Parameters<'_>, location: &str) -> Vec<&'b str> {
            let here = parameters.keys().filter(|(it, _)| it == location);
            here.map(|(_, name)| name.as_str()).collect()
        }
        let kind = |parameters: &Parameters<'_>, name: &str| {
            let parameter = parameters.get(&(location.clone(), name.to_owned()))?;
            let schema = parameter.value.get("schema")?;
            Some((schema.get("type").cloned(), schema.get("$ref").cloned()))
        };
        let fits = |gone: &str, come: &str| kind(old, gone) == kind(new, come);
        let (gone, come) = (names(old, location), names(new, location));
        for (gone, come) in similar::renamed(&gone, &come, fits) {
            let key = |name: &str| (location.clone(), name.to_owned());
            pairs.push((key(gone), key(come)));
        }
    }
    pairs
}

fn renamed(operation: &str, location: &str, old: &str, new: &str, effect: Effect) -> Draft {
    let id = format!("parameter-renamed/{operation}.{location}.{old}..{new}");
    let text = if effect == Effect::NONE {
        format!(
            "`{operation}`: path parameter `{old}` is now called `{new}`; only our code sees that name"
        )
    } else {
        format!("`{operation}`: {location} parameter `{old}` looks renamed to `{new}`")
    };
    Draft::new(Element::Parameter, Kind::Renamed, effect, id, text)
        .values(Some(json!(old)), Some(json!(new)))
}

fn come(operation: &str, location: &str, parameter: &Parameter<'_>) -> Draft {
    let required = flag(parameter.value, "required");
    let at = place(operation, location, parameter.name);
    presence(Element::Parameter, &at, required)
}

fn gone(operation: &str, location: &str, parameter: &Parameter<'_>) -> Draft {
    let required = flag(parameter.value, "required");
    let at = place(operation, location, parameter.name);
    absence(Element::Parameter, &at, required)
}

/// Readers ignore what they do not know; writers have to send what is required.
fn presence(element: Element, place: &Place, required: bool) -> Draft {
    let words = if required { "required" } else { "optional" };
    let text = format!("{} added, {words}", place.words());
    let id = format!("{}-added/{}", noun(element), place.slug);
    Draft::new(element, Kind::Added, Effect::new(false, required), id, text)
}

/// Readers miss what was required; writers send something that has lost its meaning.
fn absence(element: Element, place: &Place, required: bool) -> Draft {
    let words = if required { "required" } else { "optional" };
    let text = format!("{} removed; it was {words}", place.words());
    let id = format!("{}-removed/{}", noun(element), place.slug);
    Draft::new(
        element,
        Kind::Removed,
        Effect::new(required, true),
        id,
        text,
    )
}

fn noun(element: Element) -> &'static str {
    match element {
        Element::Header => "header",
        _ => "parameter",
    }
}
