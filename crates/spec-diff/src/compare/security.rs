//! How a caller proves who it is: the alternatives of each operation, and the schemes behind their names.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::operations::Operation;
use super::{Comparison, Sink, is_annotation, members, values};
use crate::change::{Draft, Effect, Element, Kind};
use crate::document::Document;

const NOTHING: &str = "nothing";

impl<'a> Comparison<'a> {
    pub(super) fn security(&mut self, sink: &mut Sink, old: &Operation<'a>, new: &Operation<'a>) {
        let before = alternatives(old.inherited(self.old, "security"));
        let now = alternatives(new.inherited(self.new, "security"));
        for gone in before.difference(&now) {
            let id = format!("security-removed/{}:{gone}", new.id);
            let text = format!(
                "`{}`: a caller can no longer prove itself by `{gone}`",
                new.id
            );
            let draft = Draft::new(Element::Security, Kind::Removed, Effect::NARROWER, id, text);
            sink.found(draft.values(Some(json!(gone)), None));
        }
        for come in now.difference(&before) {
            let id = format!("security-added/{}:{come}", new.id);
            let text = format!("`{}`: a caller can now prove itself by `{come}`", new.id);
            let draft = Draft::new(Element::Security, Kind::Added, Effect::WIDER, id, text);
            sink.found(draft.values(None, Some(json!(come))));
        }
        let used = scheme_names(old.inherited(self.old, "security"));
        for scheme in used.intersection(&scheme_names(new.inherited(self.new, "security"))) {
            self.scheme(sink, scheme);
        }
    }

    fn scheme(&mut self, sink: &mut Sink, name: &str) {
        let (Some(old), Some(new)) = (scheme(self.old, name), scheme(self.new, name)) else {
            return;
        };
        let mut differences = Vec::new();
        leaves(name, Some(old), Some(new), &mut differences);
        for (at, before, now) in differences {
            let id = format!(
                "security-changed/{at}:{}..{}",
                values::short(before),
                values::short(now)
            );
            let text = format!(
                "Security scheme `{at}`: {} instead of {}",
                values::shown(now),
                values::shown(before)
            );
            let draft = Draft::new(Element::Security, Kind::Changed, Effect::BOTH, id, text);
            sink.found(draft.values(before.cloned(), now.cloned()));
        }
    }
}

type Difference<'b> = (String, Option<&'b Value>, Option<&'b Value>);

/// The innermost members that differ.
fn leaves<'b>(
    at: &str,
    old: Option<&'b Value>,
    new: Option<&'b Value>,
    found: &mut Vec<Difference<'b>>,
) {
    if old == new {
        return;
    }
    let objects = old.is_some_and(Value::is_object) && new.is_some_and(Value::is_object);
    if !objects {
        found.push((at.to_owned(), old, new));
        return;
    }
    let (old, new) = (members(old), members(new));
    let keys: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    for key in keys.into_iter().filter(|key| !is_annotation(key)) {
        let (old, new) = (old.get(key).copied(), new.get(key).copied());
        leaves(&format!("{at}.{key}"), old, new, found);
    }
}

fn scheme<'a>(document: &'a Document, name: &str) -> Option<&'a Value> {
    let schemes = document.root().get("components")?.get("securitySchemes")?;
    let (scheme, _) = document.follow(schemes.get(name)?).ok()?;
    Some(scheme)
}

/// `clientToken(accounts) and fapiSignature`, one text for each way in.
fn alternatives(security: Option<&Value>) -> BTreeSet<String> {
    let listed = requirements(security).map(|requirement| {
        let schemes = members(Some(requirement))
            .into_iter()
            .map(|(name, scopes)| {
                let scopes = scopes.as_array().into_iter().flatten();
                let scopes: BTreeSet<&str> = scopes.filter_map(Value::as_str).collect();
                if scopes.is_empty() {
                    name.to_owned()
                } else {
                    let scopes: Vec<&str> = scopes.into_iter().collect();
                    format!("{name}({})", scopes.join(" "))
                }
            });
        schemes.collect::<Vec<_>>().join(" and ")
    });
    let mut alternatives: BTreeSet<String> = listed
        .map(|it| {
            if it.is_empty() {
                NOTHING.to_owned()
            } else {
                it
            }
        })
        .collect();
    if alternatives.is_empty() {
        alternatives.insert(NOTHING.to_owned());
    }
    alternatives
}

fn scheme_names(security: Option<&Value>) -> BTreeSet<String> {
    requirements(security)
        .flat_map(|requirement| members(Some(requirement)).into_keys())
        .map(str::to_owned)
        .collect()
}

fn requirements(security: Option<&Value>) -> impl Iterator<Item = &Value> {
    security.and_then(Value::as_array).into_iter().flatten()
}
