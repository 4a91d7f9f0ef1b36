//! A change: what it is, and for whom it is breaking.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::place::printable;

/// Operations named in a change; of more it says "and others".
const MAX_OPERATIONS: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Added,
    /// Neither wider nor narrower, or not known which: a person has to look.
    Changed,
    /// More is allowed than before.
    Loosened,
    Removed,
    /// Something went and something alike came.
    Renamed,
    /// Less is allowed than before.
    Tightened,
}

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Element {
    Addresses,
    Constraint,
    Document,
    EnumValue,
    Field,
    Form,
    Header,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    Security,
    Status,
}

/// One difference between two editions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Names the change in the file of accepted breaks; the same for the same change, wherever it stands in the document.
    pub id: String,
    pub kind: Kind,
    pub element: Element,
    /// One sentence without a full stop.
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// Operations through which the change reaches us, at most 24.
    pub operations: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more_operations: bool,
    /// Absent if we serve nothing that the change touches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_server: Option<Verdict>,
    /// Absent if we call nothing that the change touches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_client: Option<Verdict>,
    /// Why a breaking change is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub breaking: bool,
    /// Full sentences; empty if nothing breaks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<&'static str>,
}

impl Change {
    pub fn is_breaking(&self) -> bool {
        let breaks = |verdict: &Option<Verdict>| verdict.as_ref().is_some_and(|it| it.breaking);
        breaks(&self.as_server) || breaks(&self.as_client)
    }

    pub(crate) fn judged(draft: Draft, exposure: Exposure) -> Self {
        Self {
            as_server: exposure.server.verdict(&draft, Role::Server),
            as_client: exposure.client.verdict(&draft, Role::Client),
            id: draft.id,
            kind: draft.kind,
            element: draft.element,
            text: draft.text,
            old: draft.old,
            new: draft.new,
            operations: exposure.operations.into_iter().collect(),
            more_operations: exposure.more_operations,
            accepted: None,
        }
    }
}

/// A change before it is known who meets it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) element: Element,
    pub(crate) text: String,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
    pub(crate) effect: Effect,
}

impl Draft {
    pub(crate) fn new(
        element: Element,
        kind: Kind,
        effect: Effect,
        id: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            id: printable(&id.into()),
            kind,
            element,
            text: sentence(&printable(&text.into())),
            old: None,
            new: None,
            effect,
        }
    }

    pub(crate) fn values(mut self, old: Option<Value>, new: Option<Value>) -> Self {
        self.old = old;
        self.new = new;
        self
    }
}

/// Begins with a capital letter, unless it begins with a name.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// Which of our two activities a change breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effect {
    /// What we receive may be something we do not know.
    pub(crate) reading: bool,
    /// What we send may no longer be accepted.
    pub(crate) writing: bool,
}

impl Effect {
    pub(crate) const NONE: Self = Self::new(false, false);
    pub(crate) const BOTH: Self = Self::new(true, true);
    /// More became possible.
    pub(crate) const WIDER: Self = Self::new(true, false);
    /// Less remained possible.
    pub(crate) const NARROWER: Self = Self::new(false, true);

    pub(crate) const fn new(reading: bool, writing: bool) -> Self {
        Self { reading, writing }
    }
}

/// How we meet a part of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exposure {
    pub(crate) server: Activity,
    pub(crate) client: Activity,
    operations: BTreeSet<String>,
    more_operations: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) reads: bool,
    pub(crate) writes: bool,
}

#[derive(Clone, Copy)]
enum Role {
    Server,
    Client,
}

impl Exposure {
    /// Through the requests of an operation.
    pub(crate) fn request(operation: &str, serves: bool, calls: bool) -> Self {
        Self::of(operation, (serves, false), (false, calls))
    }

    /// Through the answers of an operation.
    pub(crate) fn response(operation: &str, serves: bool, calls: bool) -> Self {
        Self::of(operation, (false, serves), (calls, false))
    }

    fn of(operation: &str, server: (bool, bool), client: (bool, bool)) -> Self {
        let activity = |(reads, writes)| Activity { reads, writes };
        Self {
            server: activity(server),
            client: activity(client),
            operations: BTreeSet::from([operation.to_owned()]),
            more_operations: false,
        }
    }

    /// In every way there is.
    pub(crate) fn everywhere() -> Self {
        let all = Activity {
            reads: true,
            writes: true,
        };
        Self {
            server: all,
            client: all,
            ..Self::default()
        }
    }

    /// Union; whether anything was new. Keeps the alphabetically first operations, so that the order of unions is without
    /// influence.
    pub(crate) fn absorb(&mut self, other: &Self) -> bool {
        let before = self.clone();
        self.server.absorb(other.server);
        self.client.absorb(other.client);
        self.operations.extend(other.operations.iter().cloned());
        self.more_operations |= other.more_operations;
        while self.operations.len() > MAX_OPERATIONS {
            self.operations.pop_last();
            self.more_operations = true;
        }
        *self != before
    }
}

impl Activity {
    fn absorb(&mut self, other: Self) {
        self.reads |= other.reads;
        self.writes |= other.writes;
    }

    fn verdict(self, draft: &Draft, role: Role) -> Option<Verdict> {
        if !self.reads && !self.writes {
            return None;
        }
        let mut because = Vec::new();
        if self.reads && draft.effect.reading {
            because.push(match (role, draft.element) {
                (Role::Server, Element::Operation) => {
                    "It may be called, and our present release does not serve it."
                }
                (Role::Server, _) => {
                    "Requests may come that our present release refuses or misreads."
                }
                (Role::Client, _) => {
                    "Answers may come that our present release refuses or misreads."
                }
            });
        }
        if self.writes && draft.effect.writing {
            because.push(match (role, draft.element) {
                (Role::Client, Element::Operation) => {
                    "Our present release calls it, and it is not there any more."
                }
                (Role::Client, _) => {
                    "Requests of our present release may be refused or misunderstood."
                }
                (Role::Server, _) => {
                    "Answers of our present release may be refused or misunderstood."
                }
            });
        }
        Some(Verdict {
            breaking: !because.is_empty(),
            because,
        })
    }
}
