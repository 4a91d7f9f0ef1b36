//! Texts that no setting can be: several lines, or a key where the path of its file belongs. They are taken out before anything is read
//! from them, because paths and names are shown and logged, and keys must not be.

use figment::value::{Dict, Value};

use super::layers::Layer;
use super::schema::{Node, Path, shown};
use super::secrets::MASK;

/// Puts something harmless in their place and answers their keys. What a bank's own code reads is that code's business.
pub fn take_unusable(layer: &mut Layer) -> Vec<Vec<String>> {
    let mut unusable = Vec::new();
    take_from(
        &mut layer.values,
        Node::root(),
        &mut Vec::new(),
        &mut unusable,
    );
    unusable
}

fn take_from(
    table: &mut Dict,
    node: Node,
    path: &mut Vec<String>,
    unusable: &mut Vec<Vec<String>>,
) {
    for (key, value) in table {
        path.push(key.clone());
        within(value, node.child(key), path, unusable);
        path.pop();
    }
}

fn within(
    value: &mut Value,
    node: Option<Node>,
    path: &mut Vec<String>,
    unusable: &mut Vec<Vec<String>>,
) {
    let Some(node) = node.filter(|node| !node.is_secret()) else {
        return;
    };
    match value {
        Value::String(_, text) if text.contains(char::is_control) => {
            MASK.clone_into(text);
            unusable.push(path.clone());
        }
        Value::Dict(_, table) => take_from(table, node, path, unusable),
        Value::Array(_, list) => {
            for (index, entry) in list.iter_mut().enumerate() {
                path.push(index.to_string());
                within(entry, node.items(), path, unusable);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Without what was there.
pub fn told(key: &Path) -> String {
    let name = shown(key);
    format!(
        "{name} must be one line of text; if it is a key or certificate, give the path of its file"
    )
}
