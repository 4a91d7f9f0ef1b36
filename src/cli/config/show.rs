//! `izin config show`: every key with its value and where it comes from.

mod rows;

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::Source;
use crate::config::{Loaded, Origin, Setting, SettingOrigin};
use crate::institution::Institution;

/// Show the configuration in force: every key with its value and where that comes from
///
/// Passwords, and whatever the bank's own code is told, are shown as ***. It shows a configuration that cannot be used, too, and
/// says so at the end; `izin config check` has the problems.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  izin config show --config izin.toml
  izin config show --config izin.toml --changed
  izin config show --json | jq -r '.settings[] | select(.source.kind == \"variable\") | .key'

  Some rows:
    [database]
    * url        \"postgres://izin:***@db/izin\"  environment variable IZIN__DATABASE__URL
      pool_size  16                             default

  * differs from the default   ! leaves out a check   ? is not a key")]
pub struct Show {
    #[command(flatten)]
    source: Source,
    /// Only what differs from the defaults
    #[arg(long)]
    changed: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Show {
    pub fn run(self, institution: &Institution) -> ExitCode {
        let loaded = self.source.read(institution);
        let mut settings = loaded.settings();
        if self.changed {
            settings.retain(|setting| setting.changed);
        }
        let told = if self.json {
            format!("{:#}\n", as_json(&settings, &loaded))
        } else {
            rows::as_text(&settings, &loaded)
        };
        crate::cli::report(&told, ExitCode::SUCCESS)
    }
}

fn as_json(settings: &[Setting], loaded: &Loaded) -> Value {
    let rows: Vec<_> = settings
        .iter()
        .map(|setting| {
            json!({
                "key": setting.key(),
                "value": setting.value,
                "source": source(&setting.origin),
                "changed": setting.changed,
                "danger": setting.danger,
                "known": setting.known,
            })
        })
        .collect();
    json!({
        "settings": rows,
        "problems": loaded.problems(),
        "warnings": loaded.warnings(),
    })
}

fn source(origin: &SettingOrigin) -> Value {
    match origin {
        SettingOrigin::From(Origin::Default) => json!({ "kind": "default" }),
        SettingOrigin::From(Origin::Program) => json!({ "kind": "program" }),
        SettingOrigin::From(Origin::File { path, line }) => {
            json!({ "kind": "file", "path": path.display().to_string(), "line": line })
        }
        SettingOrigin::From(Origin::Variable(name)) => json!({ "kind": "variable", "name": name }),
        SettingOrigin::Follows(key) => json!({ "kind": "key", "key": key }),
        SettingOrigin::NotSet => Value::Null,
    }
}
