//! One schema as it counts: references followed, `allOf` folded in, 3.0 and 3.1 spelt alike.
//!
//! A schema is given as *parts* that all apply, because `allOf` makes a field the conjunction of what several schemas say
//! about it. Nothing is copied: a view borrows from the document.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Number, Value};

use super::is_annotation;
use crate::document::{Dangling, Document, reference};

/// Schemas that all apply to one value.
pub(super) type Parts<'a> = Vec<&'a Value>;

#[derive(Debug, Default)]
pub(super) struct View<'a> {
    /// Empty: any.
    pub(super) types: BTreeSet<&'a str>,
    pub(super) nullable: bool,
    /// Canonical text → value, without null.
    pub(super) values: Option<BTreeMap<String, &'a Value>>,
    pub(super) formats: BTreeSet<&'a str>,
    pub(super) patterns: BTreeSet<&'a str>,
    pub(super) limits: BTreeMap<Limit, Bound<'a>>,
    pub(super) multiple_of: Option<&'a Value>,
    pub(super) unique_items: bool,
    pub(super) properties: BTreeMap<&'a str, Parts<'a>>,
    pub(super) required: BTreeSet<&'a str>,
    pub(super) other_members: OtherMembers<'a>,
    pub(super) items: Parts<'a>,
    pub(super) one_of: Vec<&'a Value>,
    pub(super) any_of: Vec<&'a Value>,
    pub(super) default: Option<&'a Value>,
    pub(super) deprecated: bool,
    /// Keywords without a rule.
    pub(super) rest: BTreeMap<&'a str, &'a Value>,
    pub(super) dangling: Vec<Dangling>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Limit {
    MaxItems,
    MaxLength,
    MaxProperties,
    Maximum,
    MinItems,
    MinLength,
    MinProperties,
    Minimum,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bound<'a> {
    pub(super) number: &'a Number,
    /// The number itself is outside.
    pub(super) exclusive: bool,
}

/// Members of an object that `properties` does not name.
#[derive(Debug, Default, PartialEq)]
pub(super) enum OtherMembers<'a> {
    #[default]
    Any,
    None,
    Of(Parts<'a>),
}

impl<'a> View<'a> {
    pub(super) fn of(document: &'a Document, parts: &[&'a Value]) -> Self {
        let mut view = Self::default();
        let mut open: Vec<&'a Value> = parts.iter().rev().copied().collect();
        let mut seen = BTreeSet::new();
        while let Some(part) = open.pop() {
            if let Some(pointer) = reference(part) {
                if !seen.insert(pointer) {
                    continue;
                }
                match document.at(pointer) {
                    Ok(target) => open.push(target),
                    Err(dangling) => view.dangling.push(dangling),
                }
                if !document.siblings_count() {
                    continue;
                }
            }
            view.absorb(part, &mut open);
        }
        view
    }

    fn absorb(&mut self, part: &'a Value, open: &mut Vec<&'a Value>) {
        if part == &Value::Bool(false) {
            self.rest.insert("false", part);
        }
        let exclusive = |key: &str| part.get(key) == Some(&Value::Bool(true));
        for (key, value) in part.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("type", Value::String(name)) => self.restrict_types(&[name]),
                ("type", Value::Array(names)) => {
                    let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
                    self.restrict_types(&names);
                }
                ("nullable", Value::Bool(nullable)) => self.nullable |= nullable,
                ("enum", Value::Array(values)) => self.restrict_values(values),
                ("const", value) => self.restrict_values(std::slice::from_ref(value)),
                ("format", Value::String(format)) => {
                    self.formats.insert(format);
                }
                ("pattern", Value::String(pattern)) => {
                    self.patterns.insert(pattern);
                }
                ("multipleOf", Value::Number(_)) => self.multiple_of = Some(value),
                ("uniqueItems", Value::Bool(unique)) => self.unique_items |= unique,
                ("properties", Value::Object(properties)) => {
                    for (name, schema) in properties {
                        self.properties.entry(name).or_default().push(schema);
                    }
                }
                ("required", Value::Array(names)) => {
                    self.required.extend(names.iter().filter_map(Value::as_str));
                }
                ("additionalProperties" | "unevaluatedProperties", value) => {
                    self.restrict_members(value);
                }
                ("items", Value::Object(_) | Value::Bool(_)) => self.items.push(value),
                ("allOf", Value::Array(parts)) => open.extend(parts.iter().rev()),
                ("oneOf", Value::Array(forms)) => {
                    Self::forms(&mut self.one_of, &mut self.nullable, forms, open);
                }
                ("anyOf", Value::Array(forms)) => {
                    Self::forms(&mut self.any_of, &mut self.nullable, forms, open);
                }
                ("default", value) => self.default = Some(value),
                ("deprecated", Value::Bool(deprecated)) => self.deprecated |= deprecated,
                ("$ref", _) | ("exclusiveMaximum" | "exclusiveMinimum", Value::Bool(_)) => {}
                ("exclusiveMaximum", Value::Number(number)) => {
                    self.limit(Limit::Maximum, number, true);
                }
                ("exclusiveMinimum", Value::Number(number)) => {
                    self.limit(Limit::Minimum, number, true);
                }
                ("maximum", Value::Number(number)) => {
                    self.limit(Limit::Maximum, number, exclusive("exclusiveMaximum"));
                }
                ("minimum", Value::Number(number)) => {
                    self.limit(Limit::Minimum, number, exclusive("exclusiveMinimum"));
                }
                (key, value) => match (Limit::named(key), value) {
                    (Some(limit), Value::Number(number)) => self.limit(limit, number, false),
                    _ if is_annotation(key) => {}
                    _ => {
                        self.rest.insert(key, value);
                    }
                },
            }
        }
    }

    fn restrict_types(&mut self, names: &[&'a str]) {
        self.nullable |= names.contains(&"null");
        let names: BTreeSet<&str> = names.iter().copied().filter(|it| *it != "null").collect();
        if self.types.is_empty() {
            self.types = names;
        } else if !names.is_empty() {
            // An integer is a number.
            let (narrow, wide) = (&self.types, &names);
            let within =
                |one: &BTreeSet<&'a str>, other: &BTreeSet<&'a str>| -> BTreeSet<&'a str> {
                    let kept = one.iter().copied();
                    kept.filter(|it| allows_type(other, it)).collect()
                };
            let mut both = within(narrow, wide);
            both.extend(within(wide, narrow));
            if both.is_empty() {
                both.insert("nothing");
            }
            self.types = both;
        }
    }

    fn restrict_values(&mut self, values: &'a [Value]) {
        self.nullable |= values.contains(&Value::Null);
        let listed = values.iter().filter(|value| !value.is_null());
        let listed: BTreeMap<String, &Value> = listed
            .map(|value| (super::values::canonical(value), value))
            .collect();
        match &mut self.values {
            None => self.values = Some(listed),
            Some(known) => known.retain(|key, _| listed.contains_key(key)),
        }
    }

    fn restrict_members(&mut self, value: &'a Value) {
        let anything =
            value == &Value::Bool(true) || value.as_object().is_some_and(serde_json::Map::is_empty);
        if value == &Value::Bool(false) {
            self.other_members = OtherMembers::None;
        } else if !anything && value.is_object() {
            match &mut self.other_members {
                OtherMembers::None => {}
                OtherMembers::Any => self.other_members = OtherMembers::Of(vec![value]),
                OtherMembers::Of(parts) => parts.push(value),
            }
        }
    }

    /// `oneOf: [X, null]` is X, nullable.
    fn forms(
        known: &mut Vec<&'a Value>,
        nullable: &mut bool,
        forms: &'a [Value],
        open: &mut Vec<&'a Value>,
    ) {
        let real: Vec<&Value> = forms.iter().filter(|form| !is_null_schema(form)).collect();
        *nullable |= real.len() < forms.len();
        match real[..] {
            [only] if real.len() < forms.len() => open.push(only),
            _ => known.extend(real),
        }
    }

    /// Of two limits the tighter one counts.
    fn limit(&mut self, limit: Limit, number: &'a Number, exclusive: bool) {
        let bound = Bound { number, exclusive };
        let known = self.limits.entry(limit).or_insert(bound);
        if limit.compare(&bound, known) == Ordering::Less {
            *known = bound;
        }
    }
}

impl Limit {
    fn named(key: &str) -> Option<Self> {
        Some(match key {
            "maxItems" => Self::MaxItems,
            "maxLength" => Self::MaxLength,
            "maxProperties" => Self::MaxProperties,
            "minItems" => Self::MinItems,
            "minLength" => Self::MinLength,
            "minProperties" => Self::MinProperties,
            _ => return None,
        })
    }

    fn is_upper(self) -> bool {
        use Limit::{MaxItems, MaxLength, MaxProperties, Maximum};
        matches!(self, MaxItems | MaxLength | MaxProperties | Maximum)
    }

    /// `Less`: the first bound allows less.
    pub(super) fn compare(self, one: &Bound<'_>, other: &Bound<'_>) -> Ordering {
        let numbers = order(one.number, other.number);
        let numbers = if self.is_upper() {
            numbers
        } else {
            numbers.reverse()
        };
        numbers.then(other.exclusive.cmp(&one.exclusive))
    }
}

fn order(one: &Number, other: &Number) -> Ordering {
    if let (Some(one), Some(other)) = (one.as_i128(), other.as_i128()) {
        return one.cmp(&other);
    }
    let float = |number: &Number| number.as_f64().unwrap_or_default();
    float(one).total_cmp(&float(other))
}

/// Whether a set of types, none meaning any, allows one.
pub(super) fn allows_type(types: &BTreeSet<&str>, name: &str) -> bool {
    types.is_empty() || types.contains(name) || (name == "integer" && types.contains("number"))
}

fn is_null_schema(schema: &Value) -> bool {
    let null = |value: &Value| match value {
        Value::Array(values) => values.len() == 1 && values.iter().all(Value::is_null),
        value => value.is_null(),
    };
    schema.get("type").and_then(Value::as_str) == Some("null")
        || schema.get("enum").is_some_and(null)
        || schema.get("const").is_some_and(null)
}
