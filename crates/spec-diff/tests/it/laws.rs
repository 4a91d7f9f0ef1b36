//! What holds for every pair of documents, tried on hundreds of damaged ones.

use std::collections::BTreeSet;

use izin_spec_diff::{Document, Kind, Report};
use serde_json::{Map, Value, json};

use crate::compared;

/// Reproducible, and good enough to choose what to damage (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap_or(0)
    }
}

fn shop() -> Value {
    serde_yaml_ng::from_str::<serde_yaml_ng::Value>(include_str!("shop/old.yaml"))
        .map(|yaml| plain(&yaml))
        .expect("YAML")
}

/// Statuses are numbers in YAML and names in JSON.
fn plain(yaml: &serde_yaml_ng::Value) -> Value {
    use serde_yaml_ng::Value as Yaml;
    match yaml {
        Yaml::Mapping(members) => {
            let text = |key: &Yaml| match key {
                Yaml::String(text) => text.clone(),
                other => serde_yaml_ng::to_string(other)
                    .expect("a key")
                    .trim()
                    .to_owned(),
            };
            let members = members.iter().map(|(key, value)| (text(key), plain(value)));
            Value::Object(members.collect())
        }
        Yaml::Sequence(items) => items.iter().map(plain).collect(),
        other => serde_json::to_value(other).expect("JSON"),
    }
}

/// Changes one place at random; names that ids are made of are spared if `gently`.
fn damage(value: &mut Value, dice: &mut Dice, gently: bool) {
    const NAMES: [&str; 5] = ["openapi", "operationId", "name", "$ref", "tags"];
    match value {
        Value::Object(members) if !members.is_empty() => {
            let keys: Vec<String> = members.keys().cloned().collect();
            let key = &keys[dice.roll(keys.len())];
            if gently && NAMES.contains(&key.as_str()) {
                return;
            }
            match dice.roll(8) {
                0 => {
                    members.remove(key);
                }
                1 if !gently => {
                    let moved = members.remove(key).unwrap_or_default();
                    members.insert(format!("{key}x"), moved);
                }
                _ => damage(members.get_mut(key).expect("a member"), dice, gently),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let index = dice.roll(items.len());
            if dice.roll(4) == 0 {
                items.remove(index);
            } else {
                damage(&mut items[index], dice, gently);
            }
        }
        Value::Bool(flag) => *flag = !*flag,
        Value::Number(_) => *value = json!(dice.roll(100)),
        other if gently => {
            if other.is_string() {
                *other = json!(["string", "integer", "uuid", "date"][dice.roll(4)]);
            }
        }
        other => *other = rubbish(dice),
    }
}

fn rubbish(dice: &mut Dice) -> Value {
    let choices = [
        json!(null),
        json!(true),
        json!(-1.5e300),
        json!([]),
        json!({}),
        json!([null, {}]),
        json!("#/components/schemas/Line"),
        json!({ "$ref": "#/paths" }),
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#/components/schemas/Order" }, false] }),
        json!({ "type": ["null", "object"], "properties": { "": { "$ref": "#" } } }),
    ];
    choices[dice.roll(choices.len())].clone()
}

fn reordered(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members
                .iter()
                .rev()
                .map(|(key, value)| (key.clone(), reordered(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().rev().map(reordered).collect(),
        other => other.clone(),
    }
}

fn of_kind(report: &Report, kind: Kind, verb: &str) -> BTreeSet<String> {
    let changes = report.changes.iter().filter(|change| change.kind == kind);
    changes.map(|change| change.id.replace(verb, "*")).collect()
}

#[test]
fn the_order_of_a_document_means_nothing() {
    let report = compared(&shop(), &reordered(&shop()));
    assert!(report.changes.is_empty(), "{report}");
}

#[test]
fn what_came_one_way_went_the_other() {
    let old = shop();
    for seed in 1..300 {
        let mut dice = Dice(seed * 0x9e37_79b9);
        let mut new = old.clone();
        for _ in 0..=dice.roll(12) {
            damage(&mut new, &mut dice, true);
        }
        let (there, back) = (compared(&old, &new), compared(&new, &old));
        let came = of_kind(&there, Kind::Added, "-added");
        let went = of_kind(&back, Kind::Removed, "-removed");
        assert_eq!(came, went, "seed {seed}\n{there}\n{back}");
        let count =
            |report: &Report, kind| report.changes.iter().filter(|it| it.kind == kind).count();
        assert_eq!(
            count(&there, Kind::Tightened),
            count(&back, Kind::Loosened),
            "seed {seed}\n{there}\n{back}"
        );
    }
}

#[test]
fn no_damage_makes_it_panic_and_every_run_says_the_same() {
    let old = shop();
    let mut damaged = old.clone();
    for seed in 1..600 {
        let mut dice = Dice(seed * 0x9e37_79b9);
        if seed % 20 == 0 {
            damaged = old.clone();
        }
        damage(&mut damaged, &mut dice, false);
        if Document::parse(damaged.to_string().as_bytes()).is_ok() {
            let report = compared(&old, &damaged);
            assert_eq!(report, compared(&old, &damaged));
            assert!(compared(&damaged, &damaged).changes.is_empty());
            let _ = report.to_string();
        }
    }
}
