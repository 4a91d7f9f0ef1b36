//! `IZIN__SECTION__KEY`: each variable is a layer of its own.

use std::ffi::OsString;

use figment::value::{Dict, Empty, Tag, Value};

use super::layers::{Layer, Origin, find};
use super::problem::Problem;
use super::schema::{Node, Path, known_keys};

const PREFIX: &str = "IZIN__";

/// The variable that sets the key.
pub fn variable_name(key: &Path) -> String {
    let parts: Vec<_> = key.iter().map(|part| part.to_ascii_uppercase()).collect();
    format!("{PREFIX}{}", parts.join("__"))
}

/// The layers of these variables, in the order of their names, and what is wrong with them. Variables of others are left alone.
pub fn layers(
    variables: impl Iterator<Item = (OsString, OsString)>,
    defaults: &Dict,
) -> (Vec<Layer>, Vec<Problem>) {
    let (mut layers, mut problems) = (Vec::new(), Vec::new());
    let ours = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let mut ours: Vec<_> = ours.filter(|(name, _)| name.starts_with("IZIN_")).collect();
    ours.sort();
    for (name, value) in ours {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            problems.extend(meant_for_us(&name));
            continue;
        };
        let key: Vec<String> = rest.split("__").map(str::to_ascii_lowercase).collect();
        match value.into_string() {
            Ok(text) => {
                let value = read(&key, text, defaults);
                layers.push(Layer::variable(name, &key, value));
            }
            Err(_) => problems.push(Problem::at(
                Origin::Variable(name),
                "the value is not UTF-8",
            )),
        }
    }
    (layers, problems)
}

/// A text key takes the text as it stands, a number or a list is read. Empty takes an optional key out again.
fn read(key: &Path, text: String, defaults: &Dict) -> Value {
    let node = Node::find(key);
    let optional = node.is_some_and(|node| !node.is_table()) && find(defaults, key).is_none();
    if text.is_empty() && optional {
        return Value::Empty(Tag::Default, Empty::None);
    }
    if node.is_some_and(Node::is_text) {
        return text.into();
    }
    text.parse().unwrap_or_else(|never| match never {})
}

/// One underscore where two belong. Only what names a key is told of: Kubernetes gives a pod beside a service `izin` variables
/// such as `IZIN_SERVICE_HOST`.
fn meant_for_us(name: &str) -> Option<Problem> {
    let plain = |name: &str| name.replace("__", "_");
    let mut leaves = known_keys()
        .iter()
        .filter(|key| Node::find(key).is_some_and(|node| !node.is_table()));
    let key = leaves.find(|key| plain(&variable_name(key)) == plain(name))?;
    let sentence = format!(
        "one underscore where two belong; did you mean {}?",
        variable_name(key)
    );
    Some(Problem::at(Origin::Variable(name.to_owned()), sentence))
}
