//! What a configuration settles otherwise than the defaults.

use std::path::Path;

use figment::value::Value;

use crate::config::{Loaded, Setting};

/// A row of the wire profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileChange {
    pub name: String,
    /// In the words of the file, as is `default`.
    pub value: String,
    pub default: String,
}

impl ProfileChange {
    /// All rows of `file` and the environment that differ. What cannot be read has been told by whoever loaded the configuration.
    pub fn all(file: Option<&Path>, own_defaults: &str) -> Vec<Self> {
        let defaults = Loaded::of_program(&[own_defaults]);
        let loaded = Loaded::read(file, own_defaults, std::env::vars_os());
        Self::between(&defaults, &loaded)
    }

    fn between(defaults: &Loaded, loaded: &Loaded) -> Vec<Self> {
        let rows = |loaded: &Loaded| -> Vec<(String, String)> {
            let settings = loaded.settings().into_iter();
            let rows = settings.filter(|setting| setting.section == "ofp.profile");
            rows.map(|row| (row.name.clone(), words(&row))).collect()
        };
        let defaults = rows(defaults);
        let told = rows(loaded).into_iter().filter_map(|(name, value)| {
            let (_, default) = defaults.iter().find(|(known, _)| *known == name)?;
            (value != *default).then(|| Self {
                name,
                value,
                default: default.clone(),
            })
        });
        told.collect()
    }
}

fn words(setting: &Setting) -> String {
    let value: Option<&Value> = setting.value.as_ref();
    value.map_or_else(String::new, |value| serde_json::json!(value).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs() {
        let same = "[ofp.profile]\nupdate_method = \"PATCH\"\n";
        let other = "[ofp.profile]\nupdate_method = \"POST\"\nclock_skew = 5\nsignature_headers = [\"x-signature\"]\n";
        let changes = |text: &str| {
            let defaults = Loaded::of_program(&[]);
            ProfileChange::between(&defaults, &Loaded::of_program(&[text]))
        };
        assert_eq!(changes(same), []);
        let mut told: Vec<_> = changes(other)
            .into_iter()
            .map(|row| [row.name, row.value, row.default])
            .collect();
        told.sort();
        assert_eq!(
            told,
            [
                ["clock_skew", "5", "10"],
                [
                    "signature_headers",
                    "[\"x-signature\"]",
                    "[\"x-signature\",\"x-fapi-signature\"]"
                ],
                ["update_method", "\"POST\"", "\"PATCH\""],
            ]
        );
    }
}
