//! The settings as people read them.

use std::fmt::Write as _;

use figment::value::Value;

use crate::config::{Loaded, Setting, SettingOrigin};

/// A longer value has its source further to the right, rather than all others with it.
const WIDEST_VALUE: usize = 48;

/// Sections with aligned rows, and what must not be overlooked at the end.
pub fn as_text(settings: &[Setting], loaded: &Loaded) -> String {
    let mut text = String::new();
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
    let names = width(&mut settings.iter().map(|setting| setting.name.chars().count()));
    let values = settings
        .iter()
        .map(|setting| shown(setting).chars().count());
    let values = width(&mut values.filter(|length| *length <= WIDEST_VALUE));
    let mut section = "";
    for setting in settings {
        if setting.section != section {
            section = &setting.section;
            let _ = writeln!(text, "\n[{section}]");
        }
        let (marker, name, value) = (marker(setting), &setting.name, shown(setting));
        let row = format!(
            "{marker} {name:names$}  {value:values$}  {}",
            origin(&setting.origin)
        );
        let _ = writeln!(text, "{}", row.trim_end());
    }
    if settings.is_empty() {
        text.push_str("Everything is as by default.\n");
    }
    text.trim_start().to_owned() + &footer(settings, loaded)
}

fn marker(setting: &Setting) -> char {
    match setting {
        Setting { known: false, .. } => '?',
        Setting { danger: true, .. } => '!',
        Setting { changed: true, .. } => '*',
        _ => ' ',
    }
}

fn shown(setting: &Setting) -> String {
    match &setting.value {
        Some(value) => toml(value),
        None if setting.known => "-".into(),
        None => "(not a key)".into(),
    }
}

fn origin(origin: &SettingOrigin) -> String {
    match origin {
        SettingOrigin::From(origin) => origin.to_string(),
        SettingOrigin::Follows(key) => format!("as {key}"),
        SettingOrigin::NotSet => "not set".into(),
    }
}

/// As it would stand in a file, on one line.
fn toml(value: &Value) -> String {
    match value {
        Value::Dict(_, table) => {
            let entries = table
                .iter()
                .map(|(name, value)| format!("{name} = {}", toml(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Array(_, list) => {
            let entries: Vec<_> = list.iter().map(toml).collect();
            format!("[{}]", entries.join(", "))
        }
        scalar => serde_json::json!(scalar).to_string(),
    }
}

/// What the markers mean, and what must not be overlooked.
fn footer(settings: &[Setting], loaded: &Loaded) -> String {
    let mut text = String::from("\n* differs from the default\n");
    if settings.iter().any(|setting| !setting.known) {
        text.push_str("? is not a key\n");
    }
    let dangers = settings.iter().filter(|setting| setting.danger);
    let dangers: Vec<_> = dangers.map(Setting::key).collect();
    for key in &dangers {
        let _ = writeln!(text, "! {key} leaves out a check");
    }
    let problems = loaded.problems().len();
    if problems > 0 {
        let _ = writeln!(
            text,
            "This cannot be used: `izin config check` tells why ({problems})"
        );
        return text;
    }
    let warnings = loaded.warnings().into_iter();
    let others = warnings.filter(|warning| !dangers.iter().any(|key| warning.starts_with(&**key)));
    for warning in others {
        let _ = writeln!(text, "warning: {warning}");
    }
    text
}
