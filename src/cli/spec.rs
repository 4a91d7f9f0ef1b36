//! `izin spec`: what a new edition of an interface means for us, before anything is built from it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use izin_spec_diff::{AcceptedBreaks, Document, Report, Roles, compare};

const ACCEPTED: &str = "openapi/accepted-breaks.toml";
const CODEGEN: &str = "openapi/codegen.toml";

/// OpenAPI documents
#[derive(Debug, Args)]
pub struct Spec {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Diff(Diff),
}

/// Say what changed between two editions of a document, breaking changes first.
///
/// Every change is judged from where we stand: our present release, built from OLD, meets a counterpart that follows NEW.
/// As server it breaks us if requests may come that we do not know, or if our answers are no longer allowed; as client the
/// other way round. Which operations we serve and which we call is read from codegen.toml.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
struct Diff {
    /// The edition we were built from, YAML or JSON; - for standard input
    old: PathBuf,
    /// The edition that comes
    new: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Breaking changes that were accepted, with reasons [default: openapi/accepted-breaks.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    accepted: Option<PathBuf>,
    /// Who serves and who calls [default: openapi/codegen.toml, if there is one]
    #[arg(long, value_name = "FILE")]
    codegen: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  A new file beside the old one:
    izin spec diff openapi/ofp-dp-1.2.2.yaml openapi/ofp-dp-1.3.0.yaml

  A file that was replaced:
    git show HEAD:openapi/ofp-dp-1.2.2.yaml | izin spec diff - openapi/ofp-dp-1.2.2.yaml

  One change of the report:
    1. `ConsentUpdate.id_token`: at most 2500 characters instead of 3000.
       tightened · constraint · through updateConsent
       As client: breaking. Requests of our present release may be refused or misunderstood.
       id: max-length-tightened/ConsentUpdate.id_token:3000..2500

  Accepting it, in openapi/accepted-breaks.toml:
    [[accept]]
    id = \"max-length-tightened/ConsentUpdate.id_token:3000..2500\"
    reason = \"our id tokens have at most 1100 characters\"

Exit codes: 0 nothing breaks or every break is accepted, 1 something breaks, 2 wrong usage or a file that cannot be read.
The whole way, step by step: docs/spec-upgrade.md";

impl Spec {
    pub fn run(self) -> ExitCode {
        let Command::Diff(diff) = self.command;
        match diff.report() {
            Ok(report) => {
                let code = ExitCode::from(u8::from(report.breaks()));
                super::report(&shown(&report, diff.json), code)
            }
            Err(error) => super::unusable(format_args!("{error:#}")),
        }
    }
}

impl Diff {
    fn report(&self) -> anyhow::Result<Report> {
        let old = document(&self.old)?;
        let new = document(&self.new)?;
        let roles = match optional(self.codegen.as_deref(), CODEGEN)? {
            None => Roles::from_tags(&old, &new),
            Some((path, text)) => Roles::from_codegen(&text, &old, &new)
                .with_context(|| path.display().to_string())?,
        };
        let accepted = match optional(self.accepted.as_deref(), ACCEPTED)? {
            None => AcceptedBreaks::default(),
            Some((path, text)) => {
                AcceptedBreaks::parse(&text).with_context(|| path.display().to_string())?
            }
        };
        Ok(compare(&old, &new, &roles).accepting(&accepted))
    }
}

fn document(path: &Path) -> anyhow::Result<Document> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    let shown = || path.display().to_string();
    Document::parse(&bytes.with_context(shown)?).with_context(shown)
}

/// A file that was named must be there; the usual one may be missing.
fn optional(named: Option<&Path>, usual: &str) -> anyhow::Result<Option<(PathBuf, String)>> {
    let path = named.unwrap_or(Path::new(usual));
    if named.is_none() && !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(Some((path.to_owned(), text)))
}

fn shown(report: &Report, as_json: bool) -> String {
    if as_json {
        format!("{:#}\n", serde_json::json!(report))
    } else {
        report.to_string()
    }
}
