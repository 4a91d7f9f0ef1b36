//! The comparison: a walk from the operations, and shared parts once each.
//!
//! A component that both editions refer to by a `$ref` is not entered where it is used; the walk leaves a [`Link`]. Each
//! pair of components is compared once, and afterwards every part learns from the links how we meet it: whether we read or
//! write it, as server or as client, through which operations. That keeps the report short, the work bounded, and cycles
//! harmless.

mod bodies;
mod constraints;
mod operations;
mod parameters;
mod properties;
mod schema;
mod security;
mod values;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::change::{Change, Draft, Effect, Element, Exposure, Kind};
use crate::document::{Dangling, Document, pointer_name};
use crate::place::{Place, printable};
use crate::report::Report;
use crate::roles::Roles;

pub(crate) use operations::operation_tags;

/// Pairs of components and inline schemas that are looked at. PayNet's document needs about a thousand.
const MAX_STEPS: usize = 200_000;

/// Compares two editions.
pub fn compare(old: &Document, new: &Document, roles: &Roles) -> Report {
    let mut comparison = Comparison {
        old,
        new,
        roles,
        notes: roles.note().into_iter().map(str::to_owned).collect(),
        steps_left: MAX_STEPS,
        above: Vec::new(),
    };
    let changes = if old.root() == new.root() {
        Vec::new()
    } else {
        comparison.changes()
    };
    let notes = comparison.notes.iter().map(|it| printable(it)).collect();
    Report::new(old, new, changes, notes)
}

struct Comparison<'a> {
    old: &'a Document,
    new: &'a Document,
    roles: &'a Roles,
    notes: BTreeSet<String>,
    steps_left: usize,
    /// The pairs of schemas that the walk is inside of, by address: what is entered again is a cycle.
    above: Vec<schema::Pair>,
}

/// A pair of components that both editions refer to at the same place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    part: Part,
    old: String,
    new: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Header,
    Parameter,
    RequestBody,
    Response,
    Schema,
}

/// What the walk found in one part of the documents.
#[derive(Debug, Default)]
struct Sink {
    drafts: Vec<Draft>,
    links: BTreeSet<Link>,
}

impl Sink {
    fn found(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    fn link(&mut self, part: Part, old: &str, new: &str) {
        self.links.insert(Link {
            part,
            old: old.to_owned(),
            new: new.to_owned(),
        });
    }
}

impl<'a> Comparison<'a> {
    fn changes(&mut self) -> Vec<Change> {
        let roots = self.operations();
        let shared = self.shared(&roots);
        let exposures = spread(&roots, &shared);
        let mut findings = Findings::default();
        for (sink, exposure) in roots {
            findings.take(sink.drafts, &exposure);
        }
        for (link, sink) in shared {
            let exposure = exposures.get(&link).cloned().unwrap_or_default();
            findings.take(sink.drafts, &exposure);
        }
        if self.steps_left == 0 {
            findings.take(vec![too_entangled()], &Exposure::everywhere());
        }
        findings.changes()
    }

    /// Compares every pair of components that can be reached, once.
    fn shared(&mut self, roots: &[(Sink, Exposure)]) -> BTreeMap<Link, Sink> {
        let mut done = BTreeMap::new();
        let mut open: BTreeSet<Link> = roots
            .iter()
            .flat_map(|(sink, _)| sink.links.iter().cloned())
            .collect();
        while let Some(link) = open.pop_first() {
            if !self.step() {
                break;
            }
            let sink = self.component(&link);
            let fresh = sink.links.iter().filter(|it| !done.contains_key(*it));
            open.extend(fresh.filter(|it| **it != link).cloned());
            done.insert(link, sink);
        }
        done
    }

    fn component(&mut self, link: &Link) -> Sink {
        let mut sink = Sink::default();
        let (Some(old), Some(new)) = (
            self.noted(self.old.at(&link.old)),
            self.noted(self.new.at(&link.new)),
        ) else {
            return sink;
        };
        let name = pointer_name(&link.new);
        match link.part {
            Part::Header => self.shared_header(&mut sink, &name, old, new),
            Part::Parameter => self.shared_parameter(&mut sink, &name, old, new),
            Part::RequestBody => {
                let place = Place::described(&name, format!("request body `{name}`"));
                self.request_body_content(&mut sink, &place, old, new);
            }
            Part::Response => {
                let place = Place::described(&name, format!("answer `{name}`"));
                self.response_content(&mut sink, &place, old, new);
            }
            Part::Schema => {
                let place = Place::component(&name);
                self.schema_here(&mut sink, &place, &[old], &[new]);
            }
        }
        sink
    }

    /// One unit of work; false when there have been too many.
    fn step(&mut self) -> bool {
        self.steps(1)
    }

    fn steps(&mut self, count: usize) -> bool {
        self.steps_left = self.steps_left.saturating_sub(count);
        self.steps_left > 0
    }

    fn noted<T>(&mut self, result: Result<T, Dangling>) -> Option<T> {
        result
            .map_err(|Dangling(problem)| self.notes.insert(format!("Not compared: {problem}.")))
            .ok()
    }

    /// Follows references on both sides. One that cannot be followed is noted, and is a change if its text differs.
    fn followed(
        &mut self,
        sink: &mut Sink,
        place: &Place,
        old: &'a Value,
        new: &'a Value,
    ) -> Option<(Followed<'a>, Followed<'a>)> {
        let followed = (
            self.noted(self.old.follow(old)),
            self.noted(self.new.follow(new)),
        );
        if let (Some(old), Some(new)) = followed {
            return Some((old, new));
        }
        if old != new {
            sink.found(by_hand(place, "reference", old, new));
        }
        None
    }
}

/// A value and the first reference that led to it.
type Followed<'a> = (&'a Value, Option<&'a str>);

/// Hands exposures down the links until nothing is new.
fn spread(roots: &[(Sink, Exposure)], shared: &BTreeMap<Link, Sink>) -> BTreeMap<Link, Exposure> {
    let mut exposures: BTreeMap<Link, Exposure> = BTreeMap::new();
    let mut open = BTreeSet::new();
    for (sink, exposure) in roots {
        for link in &sink.links {
            exposures.entry(link.clone()).or_default().absorb(exposure);
            open.insert(link.clone());
        }
    }
    while let Some(link) = open.pop_first() {
        let exposure = exposures.get(&link).cloned().unwrap_or_default();
        let links = shared.get(&link).into_iter().flat_map(|sink| &sink.links);
        for next in links {
            if exposures.entry(next.clone()).or_default().absorb(&exposure) {
                open.insert(next.clone());
            }
        }
    }
    exposures
}

/// Drafts by id; the same one found in two places is one change with both exposures.
#[derive(Default)]
struct Findings {
    by_id: BTreeMap<String, Vec<(Draft, Exposure)>>,
}

impl Findings {
    fn take(&mut self, drafts: Vec<Draft>, exposure: &Exposure) {
        for draft in drafts {
            let same_id = self.by_id.entry(draft.id.clone()).or_default();
            match same_id.iter_mut().find(|(known, _)| *known == draft) {
                Some((_, known)) => {
                    known.absorb(exposure);
                }
                None => same_id.push((draft, exposure.clone())),
            }
        }
    }

    /// Different changes that share an id, which takes a document with doubled names, are numbered.
    fn changes(self) -> Vec<Change> {
        let mut changes = Vec::new();
        for mut same_id in self.by_id.into_values() {
            same_id.sort_by(|(one, _), (other, _)| one.text.cmp(&other.text));
            for (number, (mut draft, exposure)) in same_id.into_iter().enumerate() {
                if number > 0 {
                    draft.id = format!("{}~{}", draft.id, number + 1);
                }
                changes.push(Change::judged(draft, exposure));
            }
        }
        changes
    }
}

/// A difference without a rule: a person has to judge it, so it counts as breaking.
fn by_hand(place: &Place, keyword: &str, old: &Value, new: &Value) -> Draft {
    let id = format!(
        "{keyword}-changed/{}:{}..{}",
        place.slug,
        values::short(Some(old)),
        values::short(Some(new))
    );
    let text = format!(
        "{}: `{keyword}` differs in a way that has to be compared by hand",
        place.words()
    );
    let values = |value: &Value| (!value.is_null()).then(|| value.clone());
    Draft::new(Element::Constraint, Kind::Changed, Effect::BOTH, id, text)
        .values(values(old), values(new))
}

fn too_entangled() -> Draft {
    Draft::new(
        Element::Document,
        Kind::Changed,
        Effect::BOTH,
        "document-changed/too-entangled",
        "The documents refer to themselves too often to be compared completely; compare the rest by hand",
    )
}

/// The members of an object by name; nothing if it is none.
fn members(value: Option<&Value>) -> BTreeMap<&str, &Value> {
    let object = value.and_then(Value::as_object).into_iter().flatten();
    object.map(|(name, value)| (name.as_str(), value)).collect()
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// Keywords that speak to people only.
fn is_annotation(key: &str) -> bool {
    const ANNOTATIONS: [&str; 12] = [
        "$comment",
        "$defs",
        "$id",
        "$schema",
        "definitions",
        "description",
        "example",
        "examples",
        "externalDocs",
        "summary",
        "title",
        "xml",
    ];
    key.starts_with("x-") || ANNOTATIONS.contains(&key)
}
