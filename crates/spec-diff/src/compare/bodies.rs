//! Request bodies, answers by status, and media types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::operations::Operation;
use super::{Comparison, Part, Sink, flag, members};
use crate::change::{Draft, Effect, Element, Kind};
use crate::document::{Document, reference};
use crate::place::Place;

/// Our extension: the component schema of what is sealed inside an answer.
const PLAINTEXT: &str = "x-izin-plaintext";

impl<'a> Comparison<'a> {
    pub(super) fn request_body(
        &mut self,
        sink: &mut Sink,
        old: &Operation<'a>,
        new: &Operation<'a>,
    ) {
        let place = Place::described(
            format!("{}.request", new.id),
            format!("`{}`: request body", new.id),
        );
        let required = |document: &Document, body: &Value| {
            document
                .follow(body)
                .is_ok_and(|(it, _)| flag(it, "required"))
        };
        match (old.value.get("requestBody"), new.value.get("requestBody")) {
            (None, None) => {}
            (None, Some(body)) => {
                let required = required(self.new, body);
                let words = if required { "required" } else { "optional" };
                let id = format!("request-body-added/{}", new.id);
                let text = format!("{} added, {words}", place.words());
                let effect = Effect::new(true, required);
                sink.found(Draft::new(
                    Element::RequestBody,
                    Kind::Added,
                    effect,
                    id,
                    text,
                ));
            }
            (Some(_), None) => {
                let id = format!("request-body-removed/{}", new.id);
                let text = format!("{} removed", place.words());
                let (kind, effect) = (Kind::Removed, Effect::BOTH);
                sink.found(Draft::new(Element::RequestBody, kind, effect, id, text));
            }
            (Some(old), Some(new)) => match (reference(old), reference(new)) {
                (Some(old), Some(new)) => sink.link(Part::RequestBody, old, new),
                _ => self.request_body_content(sink, &place, old, new),
            },
        }
    }

    pub(super) fn request_body_content(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: &'a Value,
        new: &'a Value,
    ) {
        let Some(((old, _), (new, _))) = self.followed(sink, place, old, new) else {
            return;
        };
        super::properties::requirement(sink, place, flag(old, "required"), flag(new, "required"));
        self.content(sink, place, old.get("content"), new.get("content"), false);
    }

    pub(super) fn responses(&mut self, sink: &mut Sink, old: &Operation<'a>, new: &Operation<'a>) {
        let mut before = statuses(old.value);
        let mut now = statuses(new.value);
        let both: Vec<String> = before
            .keys()
            .filter(|it| now.contains_key(*it))
            .cloned()
            .collect();
        for status in both {
            if let (Some(old), Some(answer)) = (before.remove(&status), now.remove(&status)) {
                self.response(sink, (old, &status), (answer, &status), new);
            }
        }
        let success = |statuses: &BTreeMap<String, &'a Value>| -> Vec<String> {
            statuses
                .keys()
                .filter(|it| is_success(it))
                .cloned()
                .collect()
        };
        if let ([gone], [come]) = (&success(&before)[..], &success(&now)[..]) {
            sink.found(status_replaced(&new.id, gone, come));
            if let (Some(old), Some(answer)) = (before.remove(gone), now.remove(come)) {
                self.response(sink, (old, gone), (answer, come), new);
            }
        }
        for status in before.keys() {
            sink.found(status_change(&new.id, status, Kind::Removed));
        }
        for status in now.keys() {
            sink.found(status_change(&new.id, status, Kind::Added));
        }
    }

    fn response(
        &mut self,
        sink: &mut Sink,
        (old, _): (&'a Value, &str),
        (new, status): (&'a Value, &str),
        operation: &Operation<'a>,
    ) {
        let id = &operation.id;
        let place = Place::described(format!("{id}.{status}"), format!("`{id}`: answer {status}"));
        match (reference(old), reference(new)) {
            (Some(old), Some(new)) => sink.link(Part::Response, old, new),
            _ => self.response_content(sink, &place, old, new),
        }
        if is_success(status) {
            self.plaintext(sink, &place, old, new, id);
        }
    }

    pub(super) fn response_content(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: &'a Value,
        new: &'a Value,
    ) {
        let Some(((old, _), (new, _))) = self.followed(sink, place, old, new) else {
            return;
        };
        self.headers(sink, place, old.get("headers"), new.get("headers"));
        self.content(sink, place, old.get("content"), new.get("content"), true);
    }

    /// What is sealed inside an answer, by the extension or by `codegen.toml`.
    fn plaintext(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: &'a Value,
        new: &'a Value,
        operation: &str,
    ) {
        let sealed = self.roles.sealed(operation);
        let before = plaintext(self.old, old, sealed);
        let now = plaintext(self.new, new, sealed);
        match (before, now) {
            (Some(before), Some(now)) => sink.link(Part::Schema, &before, &now),
            (None, None) => {}
            (before, now) => {
                let named = |pointer: Option<String>| pointer.map_or(Value::Null, Value::from);
                sink.found(super::by_hand(
                    place,
                    PLAINTEXT,
                    &named(before),
                    &named(now),
                ));
            }
        }
    }

    pub(super) fn content(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: Option<&'a Value>,
        new: Option<&'a Value>,
        answer: bool,
    ) {
        let types = |content| -> BTreeMap<String, &'a Value> {
            let content = members(content).into_iter();
            content
                .map(|(name, it)| (name.to_lowercase(), it))
                .collect()
        };
        let (before, now) = (types(old), types(new));
        let names: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        // Of several forms of an answer the client chooses, and it goes on choosing the one it knows.
        let still_offered = answer && before.keys().any(|name| now.contains_key(name));
        for name in names {
            match (before.get(name), now.get(name)) {
                (Some(old), Some(new)) => {
                    self.media_type(sink, place, (name, before.len()), old, new);
                }
                (Some(_), None) => sink.found(media_type(
                    place,
                    name,
                    Kind::Removed,
                    Effect::new(answer, true),
                )),
                (None, Some(_)) => {
                    let effect = Effect::new(!still_offered, false);
                    sink.found(media_type(place, name, Kind::Added, effect));
                }
                (None, None) => {}
            }
        }
    }

    fn media_type(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        (name, count): (&str, usize),
        old: &'a Value,
        new: &'a Value,
    ) {
        let place = if count > 1 {
            Place::described(
                format!("{}.{name}", place.slug),
                format!("{} as `{name}`", place.words()),
            )
        } else {
            place.clone()
        };
        self.optional_schema(sink, &place, old.get("schema"), new.get("schema"));
        let encoding = |it: &Value| it.get("encoding").cloned().unwrap_or_default();
        if encoding(old) != encoding(new) {
            sink.found(super::by_hand(
                &place,
                "encoding",
                &encoding(old),
                &encoding(new),
            ));
        }
    }
}

fn statuses(operation: &Value) -> BTreeMap<String, &Value> {
    let responses = members(operation.get("responses")).into_iter();
    let responses = responses.filter(|(status, _)| !status.starts_with("x-"));
    responses
        .map(|(status, it)| (status.to_uppercase(), it))
        .collect()
}

fn is_success(status: &str) -> bool {
    status.starts_with(['1', '2', '3'])
}

/// Errors are told apart by their class, so a new or a missing one breaks nobody.
fn status_change(operation: &str, status: &str, kind: Kind) -> Draft {
    let success = is_success(status);
    let (verb, effect) = match kind {
        Kind::Added => ("added", Effect::new(success, false)),
        _ => ("removed", Effect::new(false, success)),
    };
    let class = if success { "success" } else { "error" };
    let id = format!("status-{verb}/{operation}.{status}");
    let text = format!("`{operation}`: {class} status {status} {verb}");
    let draft = Draft::new(Element::Status, kind, effect, id, text);
    match kind {
        Kind::Added => draft.values(None, Some(json!(status))),
        _ => draft.values(Some(json!(status)), None),
    }
}

fn status_replaced(operation: &str, old: &str, new: &str) -> Draft {
    let id = format!("status-renamed/{operation}.{old}..{new}");
    let text = format!("`{operation}`: success status {new} instead of {old}");
    Draft::new(Element::Status, Kind::Renamed, Effect::BOTH, id, text)
        .values(Some(json!(old)), Some(json!(new)))
}

fn media_type(place: &Place, name: &str, kind: Kind, effect: Effect) -> Draft {
    let verb = match kind {
        Kind::Added => "added",
        _ => "removed",
    };
    let id = format!("media-type-{verb}/{}:{name}", place.slug);
    let text = format!("{}: media type `{name}` {verb}", place.words());
    let draft = Draft::new(Element::MediaType, kind, effect, id, text);
    match kind {
        Kind::Added => draft.values(None, Some(json!(name))),
        _ => draft.values(Some(json!(name)), None),
    }
}

fn plaintext(document: &Document, answer: &Value, sealed: Option<&str>) -> Option<String> {
    let (answer, _) = document.follow(answer).ok()?;
    let name = answer.get(PLAINTEXT).and_then(Value::as_str).or(sealed)?;
    let pointer = format!("#/components/schemas/{name}");
    document.at(&pointer).is_ok().then_some(pointer)
}
