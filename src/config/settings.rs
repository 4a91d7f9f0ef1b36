//! The effective configuration as rows: each key with its value and where that comes from, secrets masked.

use figment::value::{Dict, Value};

use super::layers::{Origin, find};
use super::schema::{Node, Path, quoted, shown};
use super::secrets::masked;
use super::{Environment, Loaded};

/// A check that is left out has a name that begins with this.
const DANGER: &str = "danger_";

/// One key of the configuration.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Of the table that it stands in; empty at the top.
    pub section: String,
    /// Within the section.
    pub name: String,
    /// As it may be shown; absent where nothing is set.
    pub value: Option<Value>,
    pub origin: SettingOrigin,
    /// Whether it is another than without file and variables.
    pub changed: bool,
    /// Whether a check is left out by it.
    pub danger: bool,
    /// Whether there is such a key.
    pub known: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingOrigin {
    From(Origin),
    /// Left out, it is as this key has it.
    Follows(&'static str),
    /// It has no value.
    NotSet,
}

impl Setting {
    /// `section.name`.
    pub fn key(&self) -> String {
        match &*self.section {
            "" => self.name.clone(),
            section => format!("{section}.{}", self.name),
        }
    }
}

impl Loaded {
    /// Every key in the order of the structs; unknown ones at the end of their section.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        self.collect(Node::root(), &mut Vec::new(), &mut settings);
        settings
    }

    /// What stands in a table comes before the tables that do.
    fn collect(&self, table: Node, path: &mut Vec<String>, settings: &mut Vec<Setting>) {
        let (tables, values): (Vec<_>, Vec<_>) =
            table.children().partition(|(_, node)| node.is_table());
        for (name, node) in values {
            path.push(name.to_owned());
            settings.push(self.setting(path, node));
            path.pop();
        }
        settings.extend(self.free_keys(table, path));
        settings.extend(self.unknown_keys(path));
        for (name, node) in tables {
            path.push(name.to_owned());
            self.collect(node, path, settings);
            path.pop();
        }
    }

    fn setting(&self, path: &Path, node: Node) -> Setting {
        let set = |values: &Dict| {
            let value = find(values, path).filter(|value| !matches!(value, Value::Empty(..)));
            value.cloned()
        };
        let (value, default) = (set(&self.values), set(&self.defaults));
        let (value, default, origin) = match (value, self.origin(path)) {
            (None, None) => self
                .followed(path)
                .unwrap_or((None, None, SettingOrigin::NotSet)),
            (None, Some(origin)) => (None, default, SettingOrigin::From(origin)),
            (value, Some(origin)) => (value, default, SettingOrigin::From(origin)),
            (value, None) => (value, default, SettingOrigin::NotSet),
        };
        let name = path.last().cloned().unwrap_or_default();
        Setting {
            danger: name.starts_with(DANGER)
                && value.as_ref().is_some_and(|it| it.to_bool() != Some(false)),
            changed: value != default,
            value: value.map(|value| masked(&value, Some(node))),
            origin,
            known: true,
            ..row(path)
        }
    }

    /// Keys that follow another when they are left out: value, default, and which they follow.
    fn followed(&self, path: &Path) -> Option<(Option<Value>, Option<Value>, SettingOrigin)> {
        let config = self.repaired_config()?;
        let default_kind = find(&self.defaults, &["bank".into(), "kind".into()]).cloned();
        let (value, default) = match &*shown(path) {
            "environment" => {
                let is_demo = default_kind.as_ref().and_then(Value::as_str) == Some("demo");
                let default = if is_demo {
                    Environment::Demo
                } else {
                    Environment::Production
                };
                let value = config.environment().as_str();
                (value.into(), Some(default.as_str().into()))
            }
            "sign_in.checked_by" => (config.sign_in_checked_by().as_str().into(), default_kind),
            _ => return None,
        };
        Some((Some(value), default, SettingOrigin::Follows("bank.kind")))
    }

    /// What an operator has put into a table of free names.
    fn free_keys(&self, table: Node, path: &Path) -> Vec<Setting> {
        let Some(Value::Dict(_, entries)) = find(&self.values, path) else {
            return Vec::new();
        };
        let fixed: Vec<_> = table.children().map(|(name, _)| name).collect();
        let free = entries
            .keys()
            .filter(|name| !fixed.contains(&name.as_str()));
        free.filter_map(|name| {
            Some(self.setting(
                &[path, std::slice::from_ref(name)].concat(),
                table.child(name)?,
            ))
        })
        .collect()
    }

    fn unknown_keys(&self, table: &Path) -> Vec<Setting> {
        let within = self
            .unknown
            .iter()
            .filter(|(key, _)| key.split_last().is_some_and(|(_, above)| above == table));
        within
            .map(|(key, origin)| Setting {
                origin: SettingOrigin::From(origin.clone()),
                changed: true,
                ..row(key)
            })
            .collect()
    }
}

/// A row of which nothing but its place is said yet.
fn row(path: &Path) -> Setting {
    let (name, section) = path.split_last().unwrap_or((const { &String::new() }, &[]));
    Setting {
        section: shown(section),
        name: quoted(name),
        value: None,
        origin: SettingOrigin::NotSet,
        changed: false,
        danger: false,
        known: false,
    }
}
