//! Keys that there are not, and which of those that there are is likely to be meant.

use figment::value::{Dict, Value};
use strsim::damerau_levenshtein;

use super::environment_variables::variable_name;
use super::layers::{Layer, Origin};
use super::schema::{Node, Path, known_keys, shown};

/// More would be guessing.
const SUGGESTIONS: usize = 3;

/// Takes the unknown keys out of a layer and answers them.
pub fn take_unknown(layer: &mut Layer) -> Vec<Vec<String>> {
    let mut unknown = Vec::new();
    let mut values = std::mem::take(&mut layer.values);
    take_from(&mut values, Node::root(), &mut Vec::new(), &mut unknown);
    layer.values = values;
    unknown
}

fn take_from(table: &mut Dict, node: Node, path: &mut Vec<String>, unknown: &mut Vec<Vec<String>>) {
    table.retain(|key, value| {
        path.push(key.clone());
        let known = node.child(key);
        match known {
            Some(node) => within(value, node, path, unknown),
            None => unknown.push(path.clone()),
        }
        path.pop();
        known.is_some()
    });
}

/// What is no table where one belongs is told later, as a wrong type.
fn within(value: &mut Value, node: Node, path: &mut Vec<String>, unknown: &mut Vec<Vec<String>>) {
    match (value, node.items()) {
        (Value::Dict(_, table), None) if node.is_table() => take_from(table, node, path, unknown),
        (Value::Array(_, list), Some(node)) => {
            for (index, entry) in list.iter_mut().enumerate() {
                path.push(index.to_string());
                within(entry, node, path, unknown);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Says that there is no such key, and which may be meant.
pub fn told(key: &Path, origin: &Origin) -> String {
    let by_variable = matches!(origin, Origin::Variable(_));
    let meant = nearest(key);
    let meant: Vec<_> = meant
        .iter()
        .map(|key| {
            if by_variable {
                variable_name(key)
            } else {
                shown(key)
            }
        })
        .collect();
    let meant = match &meant[..] {
        [] => String::new(),
        [only] => format!("; did you mean {only}?"),
        [most @ .., last] => format!("; did you mean {} or {last}?", most.join(", ")),
    };
    format!("{} is not a key{meant}", shown(key))
}

/// Known keys that are like it: the same words with other separators, else the nearest in the same table, else one there that the
/// name is a part of, else the same name in other tables.
fn nearest(key: &Path) -> Vec<Vec<String>> {
    let Some((name, table)) = key.split_last() else {
        return Vec::new();
    };
    let known = |alike: &dyn Fn(&Path) -> bool| -> Vec<Vec<String>> {
        let alike = known_keys().iter().filter(|known| alike(known));
        alike.take(SUGGESTIONS).cloned().collect()
    };
    let same_words = known(&|known| plain(&known.join("_")) == plain(&key.join("_")));
    if !same_words.is_empty() {
        return same_words;
    }
    let siblings = || Node::find(table).into_iter().flat_map(Node::children);
    let near = siblings().filter_map(|(sibling, _)| Some((distance(name, sibling)?, sibling)));
    let nearest = near
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, sibling)| sibling);
    let longer = || {
        siblings()
            .map(|(sibling, _)| sibling)
            .find(|sibling| is_part(name, sibling))
    };
    if let Some(sibling) = nearest.or_else(longer) {
        return vec![[table, &[sibling.to_owned()]].concat()];
    }
    known(&|known| known.last().is_some_and(|last| plain(last) == plain(name)))
}

/// Edits from one name to the other, if they are few for their length.
fn distance(one: &str, other: &str) -> Option<usize> {
    let (one, other) = (plain(one), plain(other));
    let distance = damerau_levenshtein(&one, &other);
    let length = one.chars().count().max(other.chars().count());
    (distance <= length.div_ceil(3)).then_some(distance)
}

/// `key` for `private_key`, `cert` for `certificate`.
fn is_part(name: &str, of: &str) -> bool {
    const SHORTEST: usize = 3;
    let name = plain(name);
    name.len() >= SHORTEST && (of.starts_with(&name) || of.ends_with(&name))
}

fn plain(name: &str) -> String {
    name.to_ascii_lowercase()
        .replace(['-', '.'], "_")
        .replace("__", "_")
}
