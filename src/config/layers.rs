//! The layers of a configuration, the later winning: the defaults, those of a bank's own binary, a file, and each variable of the
//! environment. A layer keeps where its values stand, so that whatever is wrong can be told with its place.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path as FilePath, PathBuf};

use figment::value::{Dict, Value};
use toml_edit::{ImDocument, Item, TableLike};

use super::problem::Problem;
use super::schema::Path;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config/default.toml`, compiled in.
    Default,
    /// Set by the program: by a bank's own binary, or by `izin demo`.
    Program,
    /// The line is missing where a document has none to show.
    File { path: PathBuf, line: Option<usize> },
    /// Of the environment; its name.
    Variable(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Program => f.write_str("set by this program"),
            Self::File { path, line } => {
                write!(f, "file:{}", path.display())?;
                line.map_or(Ok(()), |line| write!(f, ":{line}"))
            }
            Self::Variable(name) => write!(f, "environment variable {name}"),
        }
    }
}

enum Source {
    Default,
    Program,
    File {
        path: PathBuf,
        document: Box<ImDocument<String>>,
    },
    Variable(String),
}

/// Values from one place.
pub struct Layer {
    source: Source,
    pub values: Dict,
}

impl Layer {
    /// The compiled-in defaults. A test parses them, so they are TOML.
    pub fn defaults(text: &str) -> Result<Self, Problem> {
        Self::text(text, Source::Default, Origin::Default)
    }

    /// TOML of the program's own.
    pub fn program(text: &str) -> Result<Self, Problem> {
        Self::text(text, Source::Program, Origin::Program)
    }

    fn text(text: &str, source: Source, origin: Origin) -> Result<Self, Problem> {
        let values = toml_edit::de::from_str(text);
        let mut values: Dict = values.map_err(|error| not_toml(origin, error.message()))?;
        values.values_mut().for_each(time_as_text);
        Ok(Self { source, values })
    }

    /// A file as the operator wrote it. A problem says where it is not TOML without quoting it: the line may hold a password.
    pub fn file(path: &FilePath) -> Result<Self, Problem> {
        let at = |line| Origin::File {
            path: path.to_owned(),
            line,
        };
        let unread = |error| {
            let sentence = format!("the configuration file cannot be read: {error}");
            Problem::at(at(None), sentence)
        };
        let bytes = read(path).map_err(unread)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            not_toml(at(Some(line_at(before))), "it is not UTF-8")
        })?;
        let document = ImDocument::parse(text.clone()).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start.min(text.len()));
            let line = line_at(&text.as_bytes()[..start]);
            not_toml(at(Some(line)), error.message())
        })?;
        let values = toml_edit::de::from_document(document.clone());
        let mut values: Dict = values.map_err(|error| not_toml(at(None), error.message()))?;
        values.values_mut().for_each(time_as_text);
        let path = path.to_owned();
        let document = Box::new(document);
        let source = Source::File { path, document };
        Ok(Self { source, values })
    }

    /// One variable: `value` at `key`.
    pub fn variable(name: String, key: &Path, value: Value) -> Self {
        let nested = key.iter().rev().fold(value, |value, part| {
            Dict::from([(part.clone(), value)]).into()
        });
        Self {
            source: Source::Variable(name),
            values: nested.into_dict().unwrap_or_default(),
        }
    }

    pub fn has(&self, key: &Path) -> bool {
        find(&self.values, key).is_some()
    }

    /// Whether an operator wrote it.
    pub fn is_from_outside(&self) -> bool {
        matches!(self.source, Source::File { .. } | Source::Variable(_))
    }

    /// Of a value of this layer.
    pub fn origin(&self, key: &Path) -> Origin {
        match &self.source {
            Source::Default => Origin::Default,
            Source::Program => Origin::Program,
            Source::File { path, document } => Origin::File {
                path: path.clone(),
                line: line_of(document, key),
            },
            Source::Variable(name) => Origin::Variable(name.clone()),
        }
    }
}

/// Whatever it is, a file or what another program writes, up to a size that no configuration has.
fn read(path: &FilePath) -> io::Result<Vec<u8>> {
    const LARGEST: u64 = 4 * 1024 * 1024;
    let mut bytes = Vec::new();
    let read = File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 4 MiB"));
    }
    Ok(bytes)
}

/// A time may stand in a file without quotes. This is how the parser hands it on.
fn time_as_text(value: &mut Value) {
    const TIME: &str = "$__toml_private_datetime";
    match value {
        Value::Dict(_, table) => match table.remove(TIME) {
            Some(time) => *value = time,
            None => table.values_mut().for_each(time_as_text),
        },
        Value::Array(_, list) => list.iter_mut().for_each(time_as_text),
        _ => {}
    }
}

fn not_toml(origin: Origin, reason: &str) -> Problem {
    let reason = reason.trim().replace('\n', ", ");
    Problem::at(origin, format!("this is not TOML: {reason}"))
}

/// All layers into one; tables are joined, everything else is replaced.
pub fn merged<'l>(layers: impl IntoIterator<Item = &'l Layer>) -> Dict {
    let mut all = Dict::new();
    for layer in layers {
        merge(&mut all, &layer.values);
    }
    all
}

fn merge(under: &mut Dict, over: &Dict) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Dict(_, under)), Value::Dict(_, over)) => merge(under, over),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The value at `key`; a number stands for an entry of a list.
pub fn find<'v>(values: &'v Dict, key: &Path) -> Option<&'v Value> {
    let (first, rest) = key.split_first()?;
    rest.iter()
        .try_fold(values.get(first)?, |value, part| match value {
            Value::Dict(_, table) => table.get(part),
            Value::Array(_, list) => list.get(part.parse::<usize>().ok()?),
            _ => None,
        })
}

/// The same, to be changed.
pub fn find_mut<'v>(values: &'v mut Dict, key: &Path) -> Option<&'v mut Value> {
    let (first, rest) = key.split_first()?;
    let first = values.get_mut(first)?;
    rest.iter().try_fold(first, |value, part| match value {
        Value::Dict(_, table) => table.get_mut(part),
        Value::Array(_, list) => list.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Counted from 1: of the key itself, or of what stands nearest above it.
fn line_of(document: &ImDocument<String>, key: &Path) -> Option<usize> {
    let mut here = Place::Table(document.as_table());
    let mut start = None;
    for part in key {
        let (span, next) = here.step(part);
        start = span.or(start);
        here = next;
    }
    start.map(|start| line_at(&document.raw().as_bytes()[..start]))
}

fn line_at(before: &[u8]) -> usize {
    before.split(|byte| *byte == b'\n').count()
}

/// Walks through a document.
enum Place<'d> {
    Table(&'d dyn TableLike),
    List(&'d toml_edit::Array),
    Tables(&'d toml_edit::ArrayOfTables),
    Nowhere,
}

impl<'d> Place<'d> {
    /// Where the part begins, and what is in it.
    fn step(&self, part: &str) -> (Option<usize>, Self) {
        match self {
            Self::Table(table) => {
                let Some((key, item)) = table.get_key_value(part) else {
                    return (None, Self::Nowhere);
                };
                let span = key.span().or_else(|| item.span());
                (span.map(|span| span.start), Self::of(item))
            }
            Self::List(list) => {
                let entry = part.parse().ok().and_then(|index| list.get(index));
                let span = entry.and_then(toml_edit::Value::span);
                let next = entry.and_then(toml_edit::Value::as_inline_table);
                let next = next.map_or(Self::Nowhere, |table| Self::Table(table));
                (span.map(|span| span.start), next)
            }
            Self::Tables(tables) => {
                let entry = part.parse().ok().and_then(|index| tables.get(index));
                let span = entry.and_then(toml_edit::Table::span);
                let next = entry.map_or(Self::Nowhere, |table| Self::Table(table));
                (span.map(|span| span.start), next)
            }
            Self::Nowhere => (None, Self::Nowhere),
        }
    }

    fn of(item: &'d Item) -> Self {
        if let Some(table) = item.as_table_like() {
            Self::Table(table)
        } else if let Some(tables) = item.as_array_of_tables() {
            Self::Tables(tables)
        } else {
            item.as_array().map_or(Self::Nowhere, Self::List)
        }
    }
}
