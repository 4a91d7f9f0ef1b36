//! From layers to a configuration, with everything that is wrong told at once. Unknown keys are taken out; where a value has the
//! wrong type a usable one takes its place; and what then is still wrong is told too. What was replaced is never used for more.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path as FilePath;

use figment::error::{Actual, Kind};
use figment::value::{Dict, Tag, Value};

use super::layers::{Layer, Origin, find, find_mut, merged};
use super::problem::Problem;
use super::schema::{Node, Path, parsed, shown};
use super::secrets::without_pin;
use super::{Config, ConfigProblems, DEFAULTS, environment_variables, texts, unknown};

/// Where a repair leads to the next error, and never to an end.
const MOST_REPAIRS: usize = 500;

/// Layers, and what became of them.
pub struct Loaded {
    pub(super) layers: Vec<Layer>,
    /// Unknown keys, with their places.
    pub(super) unknown: Vec<(Vec<String>, Origin)>,
    /// All layers in one, as they were written.
    pub(super) values: Dict,
    pub(super) defaults: Dict,
    config: Option<Config>,
    repaired: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl Loaded {
    /// Defaults, those of the bank's own binary over them, `file` if given, `variables`.
    pub fn read(
        file: Option<&FilePath>,
        own_defaults: &str,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Self {
        let mut layers = vec![Layer::defaults(DEFAULTS), Layer::program(own_defaults)];
        layers.extend(file.map(Layer::file));
        Self::from_layers(layers, variables)
    }

    /// Defaults and the program's own texts.
    pub fn of_program(texts: &[&str]) -> Self {
        let texts = texts.iter().map(|text| Layer::program(text));
        let layers = [Layer::defaults(DEFAULTS)].into_iter().chain(texts);
        Self::from_layers(layers.collect(), std::iter::empty())
    }

    fn from_layers(
        layers: Vec<Result<Layer, Problem>>,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Self {
        let mut problems = Vec::new();
        let mut usable = Vec::new();
        for layer in layers {
            match layer {
                Ok(layer) => usable.push(layer),
                Err(problem) => problems.push(problem),
            }
        }
        let all_read = problems.is_empty();
        let defaults = merged(usable.iter().filter(|layer| !layer.is_from_outside()));
        let (of_variables, wrong) = environment_variables::layers(variables, &defaults);
        usable.extend(of_variables);
        problems.extend(wrong);
        let mut unknown = Vec::new();
        let mut repaired = BTreeSet::new();
        for layer in &mut usable {
            let keys = unknown::take_unknown(layer);
            unknown.extend(keys.into_iter().map(|key| {
                let origin = layer.origin(&key);
                (key, origin)
            }));
            for key in texts::take_unusable(layer) {
                problems.push(Problem::at(layer.origin(&key), texts::told(&key)));
                repaired.insert(shown(list_of(&key).unwrap_or(&key)));
            }
        }
        problems.extend(
            unknown
                .iter()
                .map(|(key, origin)| Problem::at(origin.clone(), unknown::told(key, origin))),
        );
        let mut loaded = Self {
            values: merged(&usable),
            layers: usable,
            unknown,
            defaults,
            config: None,
            repaired,
            problems,
        };
        // Without a layer most of what would be told is not so.
        if all_read {
            loaded.config = loaded.extract();
        }
        loaded
    }

    /// The configuration, if every key is known and every value has its type.
    pub fn config(self) -> Result<Config, ConfigProblems> {
        match self.config {
            Some(config) if self.problems.is_empty() => Ok(config),
            _ => Err(self.problems().into()),
        }
    }

    /// The configuration, if `izin serve` can use it.
    pub fn checked(self) -> Result<Config, ConfigProblems> {
        let problems = self.problems();
        match self.config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(problems.into()),
        }
    }

    /// As it would be with usable values where unusable ones stand.
    pub(super) fn repaired_config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    /// Everything that is wrong, with its place, in the order of the places.
    pub fn problems(&self) -> Vec<String> {
        let checked = self.config.as_ref().map(Config::check);
        let sentences = checked.and_then(Result::err);
        let sentences = sentences.map_or_else(Vec::new, ConfigProblems::into_sentences);
        let mut problems = self.problems.clone();
        problems.extend(self.placed(sentences));
        problems.sort_by_key(Problem::rank);
        problems.iter().map(Problem::to_string).collect()
    }

    /// What is allowed and should be known.
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.config.as_ref().map(Config::warnings);
        let warnings = self.placed(warnings.unwrap_or_default());
        warnings.iter().map(Problem::to_string).collect()
    }

    /// Sentences begin with the key that they are about. Of a value that was replaced nothing true can be said.
    fn placed(&self, sentences: Vec<String>) -> Vec<Problem> {
        let of_written = sentences.into_iter().filter_map(|sentence| {
            let end = sentence.find([' ', ':']).unwrap_or(sentence.len());
            let key = parsed(&sentence[..end]);
            let list = list_of(&key);
            if self.repaired.contains(&shown(list.unwrap_or(&key))) {
                return None;
            }
            // A table can come from several places, and what is in a list from one.
            let is_value = Node::find(&key).is_some_and(|node| !node.is_table());
            let origin = self.place(&key).filter(|_| is_value || list.is_some());
            Some(Problem { sentence, origin })
        });
        of_written.collect()
    }

    /// Of the value in force.
    pub fn origin(&self, key: &Path) -> Option<Origin> {
        let layer = self.layers.iter().rev().find(|layer| layer.has(key))?;
        Some(layer.origin(key))
    }

    /// Of the value in force, or within a list of what stands nearest above.
    fn place(&self, key: &Path) -> Option<Origin> {
        let least = list_of(key).map_or(key.len(), <Path>::len);
        let mut above = (least..=key.len()).rev();
        above.find_map(|length| self.origin(&key[..length]))
    }

    /// Reads the values again and again, each time with one more that is usable.
    fn extract(&mut self) -> Option<Config> {
        let mut values = self.values.clone();
        let mut tried = BTreeSet::new();
        for _ in 0..MOST_REPAIRS {
            let all = Value::Dict(Tag::Default, values.clone());
            let error = match all.deserialize::<Config>() {
                Ok(config) => return Some(config),
                Err(error) => error,
            };
            let mut key = error.path;
            let is_missing = if let Kind::MissingField(name) = &error.kind {
                key.push(name.to_string());
                true
            } else {
                false
            };
            let node = Node::find(&key);
            let list = list_of(&key);
            let whole = list.unwrap_or(&key).to_vec();
            self.repaired.insert(shown(&whole));
            if tried.insert(key.clone()) {
                let sentence = wrong_value(&key, node, &error.kind);
                let origin = self.place(&key);
                self.problems.push(Problem { sentence, origin });
                let sample = node.filter(|_| is_missing || list.is_some());
                self.repair(&mut values, &key, sample);
            } else if tried.insert(whole.clone()) {
                // An entry that no sample fits.
                self.repair(&mut values, &whole, None);
            } else {
                return None;
            }
        }
        None
    }

    /// Puts the default where `key` is, else something that is of its type, else nothing.
    fn repair(&self, values: &mut Dict, key: &Path, sample: Option<Node>) {
        let default = find(&self.defaults, key).cloned();
        let usable = default.or_else(|| Some(sample?.sample()));
        let Some((name, table)) = key.split_last() else {
            return;
        };
        let table = match find_mut(values, table) {
            _ if table.is_empty() => values,
            Some(Value::Dict(_, table)) => table,
            Some(Value::Array(_, list)) => {
                let entry = name
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| list.get_mut(index));
                if let (Some(entry), Some(usable)) = (entry, usable) {
                    *entry = usable;
                }
                return;
            }
            _ => return,
        };
        match usable {
            Some(usable) => table.insert(name.clone(), usable),
            None => table.remove(name),
        };
    }
}

/// The list, for what stands within one.
fn list_of(key: &Path) -> Option<&Path> {
    let entry = key.iter().position(|part| part.parse::<usize>().is_ok())?;
    Some(&key[..entry])
}

/// In our words, and without the value unless it can only be a word: it may hold a password.
fn wrong_value(key: &Path, node: Option<Node>, kind: &Kind) -> String {
    let name = shown(key);
    let Some(node) = node else {
        return format!("{name} is not as documented");
    };
    let expected = node.expected();
    match kind {
        Kind::MissingField(_) => format!("{name} is required"),
        Kind::UnknownVariant(found, _) if !node.is_secret() && !node.allowed().is_empty() => {
            format!("{name} must be {expected}, and is {found:?}")
        }
        Kind::InvalidType(found, _) => {
            format!("{name} must be {expected}, and is {}", type_name(found))
        }
        Kind::InvalidValue(..) => format!("{name} must be {expected}, and is out of range"),
        // The words of the standard library.
        Kind::Message(reason) if reason == "invalid socket address syntax" => {
            format!("{name} must be an IP address with a port, such as \"127.0.0.1:9000\"")
        }
        Kind::Message(reason) if !node.is_secret() => {
            format!("{name}: {}", without_pin(reason))
        }
        _ => format!("{name} must be {expected}"),
    }
}

fn type_name(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) => "a number",
        Actual::Float(_) => "a number with a fraction",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        Actual::Unit | Actual::Option => "empty",
        _ => "something else",
    }
}

#[cfg(test)]
mod tests;
