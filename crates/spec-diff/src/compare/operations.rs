//! Operations: which are there, which are the same, and what surrounds them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Comparison, Sink, flag};
use crate::change::{Draft, Effect, Element, Exposure, Kind};
use crate::document::Document;
use crate::place::Place;
use crate::roles::Side;
use crate::similar;

const METHODS: [&str; 8] = [
    "delete", "get", "head", "options", "patch", "post", "put", "trace",
];

/// What an operation takes of the steps there are, so that documents of many thousand operations are cut short, too.
const STEPS: usize = 40;

/// An operation and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Operation<'a> {
    /// The `operationId`, else method and path.
    pub(super) id: String,
    has_id: bool,
    method: &'static str,
    pub(super) path: String,
    pub(super) item: &'a Value,
    pub(super) value: &'a Value,
    tags: Vec<String>,
}

/// Method, and path without the names of its variables.
type Route = (String, &'static str);
type Operations<'a> = BTreeMap<Route, Operation<'a>>;

/// The tags of every operation that has an id.
pub(crate) fn operation_tags(document: &Document) -> BTreeMap<String, Vec<String>> {
    let operations = operations(document).into_values();
    operations.map(|it| (it.id, it.tags)).collect()
}

fn operations(document: &Document) -> Operations<'_> {
    let mut found = BTreeMap::new();
    for (section, prefix) in [("paths", ""), ("webhooks", "webhook ")] {
        for (path, item) in super::members(document.root().get(section)) {
            let Ok((item, _)) = document.follow(item) else {
                continue;
            };
            for method in METHODS {
                let Some(value) = item.get(method) else {
                    continue;
                };
                let path = format!("{prefix}{path}");
                let operation = Operation::read(path, method, item, value);
                found.entry(operation.route()).or_insert(operation);
            }
        }
    }
    found
}

impl<'a> Operation<'a> {
    fn read(path: String, method: &'static str, item: &'a Value, value: &'a Value) -> Self {
        let id = value.get("operationId").and_then(Value::as_str);
        let tags = value.get("tags").and_then(Value::as_array);
        let tags = tags.into_iter().flatten().filter_map(Value::as_str);
        Self {
            id: id.map_or_else(
                || format!("{} {path}", method.to_uppercase()),
                str::to_owned,
            ),
            has_id: id.is_some(),
            method,
            item,
            value,
            tags: tags.map(str::to_owned).collect(),
            path,
        }
    }

    fn route(&self) -> Route {
        let segments = self.path.split('/').map(|segment| {
            if segment.starts_with('{') && segment.ends_with('}') {
                "{}"
            } else {
                segment
            }
        });
        (segments.collect::<Vec<_>>().join("/"), self.method)
    }

    fn address(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// The operation's own value of a key, else that of the whole document.
    pub(super) fn inherited(&self, document: &'a Document, key: &str) -> Option<&'a Value> {
        let own = self.value.get(key).or_else(|| self.item.get(key));
        own.or_else(|| document.root().get(key))
    }

    pub(super) fn place(&self) -> Place {
        Place::described(&self.id, format!("`{}`", self.id))
    }
}

impl<'a> Comparison<'a> {
    /// What is found at every operation, with how we meet it.
    pub(super) fn operations(&mut self) -> Vec<(Sink, Exposure)> {
        let mut old = operations(self.old);
        let mut new = operations(self.new);
        let mut found = Vec::new();
        for (old, new) in paired(&mut old, &mut new) {
            if !self.steps(STEPS) {
                break;
            }
            found.extend(self.operation(&old, &new));
        }
        for (operations, kind) in [(old, Kind::Removed), (new, Kind::Added)] {
            for operation in operations.into_values() {
                if !self.steps(STEPS) {
                    break;
                }
                let side = self.roles.side(&operation.id, &operation.tags);
                let exposure = Exposure::request(&operation.id, side.serves, side.calls);
                let mut sink = Sink::default();
                sink.found(come_or_gone(&operation, kind));
                found.push((sink, exposure));
            }
        }
        found
    }

    fn operation(&mut self, old: &Operation<'a>, new: &Operation<'a>) -> [(Sink, Exposure); 2] {
        let Side { serves, calls } = self.side(old, new);
        let mut request = Sink::default();
        let mut response = Sink::default();
        identity(&mut request, old, new);
        if !flag(old.value, "deprecated") && flag(new.value, "deprecated") {
            let id = format!("operation-deprecated/{}", new.id);
            let text = format!("Operation `{}` is now deprecated", new.id);
            let kind = Kind::Changed;
            request.found(Draft::new(Element::Operation, kind, Effect::NONE, id, text));
        }
        self.addresses(&mut request, old, new);
        self.security(&mut request, old, new);
        self.parameters(&mut request, old, new);
        self.request_body(&mut request, old, new);
        callbacks(&mut request, old, new);
        self.responses(&mut response, old, new);
        [
            (request, Exposure::request(&new.id, serves, calls)),
            (response, Exposure::response(&new.id, serves, calls)),
        ]
    }

    fn side(&self, old: &Operation<'a>, new: &Operation<'a>) -> Side {
        let (before, now) = (
            self.roles.side(&old.id, &old.tags),
            self.roles.side(&new.id, &new.tags),
        );
        // A renamed operation is unknown under its new name; what it was says more.
        if old.id == new.id || old.has_id {
            before
        } else {
            now
        }
    }

    fn addresses(&mut self, sink: &mut Sink, old: &Operation<'a>, new: &Operation<'a>) {
        let urls = |operation: &Operation<'a>, document: &'a Document| -> BTreeSet<&'a str> {
            let servers = operation.inherited(document, "servers");
            let servers = servers.and_then(Value::as_array).into_iter().flatten();
            servers
                .filter_map(|it| it.get("url").and_then(Value::as_str))
                .collect()
        };
        let (before, now) = (urls(old, self.old), urls(new, self.new));
        if before == now {
            return;
        }
        let (before, now) = (json!(before), json!(now));
        let id = format!(
            "addresses-changed/{}..{}",
            super::values::short(Some(&before)),
            super::values::short(Some(&now))
        );
        let text =
            "The addresses named for some operations differ; ours come from the configuration";
        let draft = Draft::new(Element::Addresses, Kind::Changed, Effect::NONE, id, text);
        sink.found(draft.values(Some(before), Some(now)));
    }
}

/// Takes out of both lists what is the same operation: by route, else by id, else because it looks renamed.
fn paired<'a>(
    old: &mut Operations<'a>,
    new: &mut Operations<'a>,
) -> Vec<(Operation<'a>, Operation<'a>)> {
    let same_route = old.keys().filter(|route| new.contains_key(*route));
    let mut routes: Vec<(Route, Route)> = same_route
        .map(|route| (route.clone(), route.clone()))
        .collect();
    let mut pairs = take(old, new, &routes);

    routes = moved(old, new);
    pairs.extend(take(old, new, &routes));

    routes = look_renamed(old, new);
    pairs.extend(take(old, new, &routes));
    pairs
}

fn take<'a>(
    old: &mut Operations<'a>,
    new: &mut Operations<'a>,
    routes: &[(Route, Route)],
) -> Vec<(Operation<'a>, Operation<'a>)> {
    let mut pairs = Vec::new();
    for (before, now) in routes {
        if let (Some(old), Some(new)) = (old.remove(before), new.remove(now)) {
            pairs.push((old, new));
        }
    }
    pairs
}

fn moved(old: &Operations<'_>, new: &Operations<'_>) -> Vec<(Route, Route)> {
    let named = |operations: &Operations<'_>| -> BTreeMap<String, Route> {
        let with_id = operations.iter().filter(|(_, operation)| operation.has_id);
        with_id
            .map(|(route, operation)| (operation.id.clone(), route.clone()))
            .collect()
    };
    let (old, new) = (named(old), named(new));
    let common = old.into_iter().filter_map(|(id, route)| {
        let now = new.get(&id)?;
        Some((route, now.clone()))
    });
    common.collect()
}

fn look_renamed(old: &Operations<'_>, new: &Operations<'_>) -> Vec<(Route, Route)> {
    let mut routes = Vec::new();
    for method in METHODS {
        let paths = |operations: &Operations<'_>| -> Vec<String> {
            let routes = operations.keys().filter(|(_, it)| *it == method);
            routes.map(|(path, _)| path.clone()).collect()
        };
        let (gone, come) = (paths(old), paths(new));
        let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
        let come: Vec<&str> = come.iter().map(String::as_str).collect();
        // Paths of one interface are alike anyway (`/v1/accounts/…`): both the path and the id have to be.
        let fits = |before: &str, now: &str| {
            let before = old.get(&(before.to_owned(), method));
            let now = new.get(&(now.to_owned(), method));
            before.zip(now).is_some_and(|(before, now)| {
                before.tags == now.tags && similar::similarity(&before.id, &now.id) >= 0.6
            })
        };
        for (before, now) in similar::renamed(&gone, &come, fits) {
            routes.push(((before.to_owned(), method), (now.to_owned(), method)));
        }
    }
    routes
}

fn callbacks(sink: &mut Sink, old: &Operation<'_>, new: &Operation<'_>) {
    let callbacks = |it: &Operation<'_>| it.value.get("callbacks").cloned().unwrap_or_default();
    let (before, now) = (callbacks(old), callbacks(new));
    if before != now {
        sink.found(super::by_hand(&new.place(), "callbacks", &before, &now));
    }
}

fn identity(sink: &mut Sink, old: &Operation<'_>, new: &Operation<'_>) {
    if old.route() != new.route() {
        let (before, now) = (json!(old.address()), json!(new.address()));
        let draft = if old.id == new.id {
            let id = format!(
                "operation-moved/{}:{}..{}",
                new.id,
                super::values::short(Some(&before)),
                super::values::short(Some(&now))
            );
            let text = format!(
                "Operation `{}` moved from {} to {}",
                new.id,
                old.address(),
                new.address()
            );
            Draft::new(Element::Operation, Kind::Changed, Effect::BOTH, id, text)
        } else {
            let id = format!("operation-renamed/{}..{}", old.id, new.id);
            let text = format!(
                "Operation `{}` ({}) looks renamed to `{}` ({})",
                old.id,
                old.address(),
                new.id,
                new.address()
            );
            Draft::new(Element::Operation, Kind::Renamed, Effect::BOTH, id, text)
        };
        sink.found(draft.values(Some(before), Some(now)));
    } else if old.id != new.id {
        let id = format!("operation-id-renamed/{}..{}", old.id, new.id);
        let text = format!(
            "Operation `{}` ({}) is now called `{}`; only our code sees that name",
            old.id,
            old.address(),
            new.id
        );
        let draft = Draft::new(Element::Operation, Kind::Renamed, Effect::NONE, id, text);
        sink.found(draft.values(Some(json!(old.id)), Some(json!(new.id))));
    }
}

fn come_or_gone(operation: &Operation<'_>, kind: Kind) -> Draft {
    let address = operation.address();
    let (verb, effect) = match kind {
        Kind::Added => ("added", Effect::WIDER),
        _ => ("removed", Effect::NARROWER),
    };
    let id = format!("operation-{verb}/{}", operation.id);
    let text = if operation.has_id {
        format!("Operation `{}` ({address}) {verb}", operation.id)
    } else {
        format!("Operation {address} {verb}")
    };
    let value = Some(json!(address));
    let draft = Draft::new(Element::Operation, kind, effect, id, text);
    match kind {
        Kind::Added => draft.values(None, value),
        _ => draft.values(value, None),
    }
}
