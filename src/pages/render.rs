//! Turns a [`Frame`] and a [`Screen`] into HTML.
//!
//! Templates, words and the stylesheet are compiled in; an institution may replace templates by files of the same name, and add a
//! logo and a `brand.css`, without a fork. What it supplies is rendered with every sample at start, so that a mistake stops the
//! service and not a customer. Three properties hold for any template: output is escaped, an undefined name is an error, and a page
//! with a form that lacks the CSRF token is never sent.

mod assets;
mod plain_text;
mod translator;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use minijinja::{
    AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value, context,
};

use super::messages::{Language, MessageError, Messages, MissingKey};
use super::views::{AccountsView, Frame, ReviewView, Screen, Step, samples};

pub use assets::{Asset, Assets};
use translator::Translator;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../config/templates/", $name)))),+]
    };
}

/// Every template by name.
const TEMPLATES: &[(&str, &str)] = templates![
    "accounts.html",
    "change_username.html",
    "chosen_accounts.html",
    "csrf.html",
    "data_list.html",
    "error.html",
    "layout.html",
    "otp.html",
    "password.html",
    "phrase.html",
    "phrase_box.html",
    "result.html",
    "return_form.html",
    "review.html",
    "review_statement.html",
    "step.html",
    "username.html",
];

/// What an institution brings of its own.
#[derive(Clone, Debug, Default)]
pub struct Branding {
    /// Folder with templates that replace those of the same name.
    pub templates_dir: Option<PathBuf>,
    /// Folder with `logo.svg`, `brand.css` and other static files; see [`Assets`].
    pub static_dir: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error(transparent)]
    Messages(#[from] MessageError),
    #[error("{path}: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("screen `{sample}`: {source}")]
    Sample {
        sample: String,
        source: Box<RenderError>,
    },
    #[error("{0:#}")]
    Template(#[from] minijinja::Error),
    #[error("{0} is not a template of ours; it would never be used")]
    UnknownTemplate(PathBuf),
    #[error("a form without the CSRF token")]
    UnprotectedForm,
}

/// Renders every screen. Cheap to share, expensive to make: one per process.
#[derive(Debug)]
pub struct Renderer {
    environment: Environment<'static>,
    messages: Arc<Messages>,
    assets: Assets,
    template_hash: String,
}

impl Renderer {
    /// Compiles the templates and, if the institution brings any of its own, renders all samples with them.
    pub fn new(branding: &Branding) -> Result<Self, RenderError> {
        if branding.templates_dir.is_some() {
            Self::build(branding, MissingKey::Refuse)?.check()?;
        }
        Self::build(branding, MissingKey::FallBack)
    }

    /// One page, complete.
    pub fn page(&self, frame: &Frame, screen: &Screen) -> Result<String, RenderError> {
        let words = self.words(frame, screen);
        let page = page_facts(frame, screen, &words)?;
        let html = self
            .environment
            .get_template(&format!("{}.html", screen.screen()))?
            .render(context! {
                frame,
                view => screen,
                page,
                assets => self.assets.links(),
                t => Value::from_object(words),
            })?;
        if html.matches("<form").count() == html.matches(r#"name="csrf""#).count() {
            Ok(html)
        } else {
            Err(RenderError::UnprotectedForm)
        }
    }

    /// The text of the consent as the customer saw it, for the receipt (rule R9). It is made from the very template that the review
    /// screen includes, so the two cannot differ.
    pub fn review_text(
        &self,
        view: &ReviewView,
        language: Language,
    ) -> Result<String, RenderError> {
        let words = Translator {
            messages: Arc::clone(&self.messages),
            language,
            bank: view.bank_name.clone(),
            consumer: view.consumer_name.clone(),
        };
        let heading = words.heading("review-heading")?;
        // The link to change the accounts is a control, not part of what is consented to.
        let view = ReviewView {
            change_url: None,
            ..view.clone()
        };
        let html = self
            .environment
            .get_template("review_statement.html")?
            .render(context! { view, t => Value::from_object(words) })?;
        Ok(format!("{heading}\n{}", plain_text::of(&html)))
    }

    /// SHA-256, in hex, over all templates and locale files: names in the receipt which words the customer was shown.
    pub fn template_hash(&self) -> &str {
        &self.template_hash
    }

    /// A file under `/static/`.
    pub fn asset(&self, name: &str) -> Option<&Asset> {
        self.assets.get(name)
    }

    /// Renders every sample in every language.
    pub fn check(&self) -> Result<(), RenderError> {
        for language in Language::ALL {
            let frame = Frame::sample(language);
            for sample in samples() {
                self.page(&frame, &sample.screen)
                    .map_err(|source| RenderError::Sample {
                        sample: sample.name,
                        source: Box::new(source),
                    })?;
            }
        }
        Ok(())
    }

    fn build(branding: &Branding, missing: MissingKey) -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_formatter(escaped);
        environment.add_filter("local", local_path);
        environment.add_filter("monogram", monogram);
        environment.add_filter("switch_to", switch_to);
        environment.add_filter("token", token);
        environment.add_filter("ringgit", super::messages::ringgit);
        let sources = template_sources(branding.templates_dir.as_deref())?;
        let template_hash = hash(&sources);
        for (name, source) in sources {
            environment.add_template_owned(name, source)?;
        }
        Ok(Self {
            environment,
            messages: Arc::new(Messages::compiled_in(missing)?),
            assets: Assets::load(branding.static_dir.as_deref())?,
            template_hash,
        })
    }

    /// The words of one page, in its language and with both parties' names.
    fn words(&self, frame: &Frame, screen: &Screen) -> Translator {
        let mut words = Translator {
            messages: Arc::clone(&self.messages),
            language: frame.language,
            bank: frame.bank_name.clone(),
            consumer: frame.consumer_name.clone().unwrap_or_default(),
        };
        if let Screen::Review(view) = screen {
            words.bank.clone_from(&view.bank_name);
            words.consumer.clone_from(&view.consumer_name);
        }
        if words.consumer.is_empty() {
            words.consumer = words.heading("consumer-unknown").unwrap_or_default();
        }
        words
    }
}

/// What the layout needs to know about the screen, beside its own data.
fn page_facts(frame: &Frame, screen: &Screen, words: &Translator) -> Result<Value, RenderError> {
    let accounts: &[_] = match screen {
        Screen::Accounts(AccountsView { accounts, .. }) => accounts,
        _ => &[],
    };
    let refresh_seconds = match screen {
        Screen::Result(view) => view.outcome.refresh_seconds(),
        _ => None,
    };
    let step = screen.step();
    Ok(context! {
        screen => screen.screen(),
        heading => words.heading(&screen.heading_key())?,
        consumer => words.consumer,
        has_error => screen.form_error().is_some(),
        other_language => frame.language.other(),
        step,
        step_number => step.map(Step::number),
        step_names => Step::ALL,
        refresh_seconds,
        any_available => accounts.iter().any(|account| account.unavailable.is_none()),
        any_unavailable => accounts.iter().any(|account| account.unavailable.is_some()),
    })
}

/// The compiled-in templates, each replaced by the institution's file of the same name.
fn template_sources(folder: Option<&Path>) -> Result<Vec<(&'static str, String)>, RenderError> {
    let mut sources: Vec<_> = TEMPLATES
        .iter()
        .map(|(name, source)| (*name, (*source).to_owned()))
        .collect();
    let Some(folder) = folder else {
        return Ok(sources);
    };
    for path in assets::files(folder)? {
        let name = path.file_name().and_then(|name| name.to_str());
        let ours = sources.iter_mut().find(|(ours, _)| Some(*ours) == name);
        let Some((_, source)) = ours else {
            return Err(RenderError::UnknownTemplate(path));
        };
        *source =
            std::fs::read_to_string(&path).map_err(|source| RenderError::Read { path, source })?;
    }
    Ok(sources)
}

fn hash(templates: &[(&str, String)]) -> String {
    let locales = Language::ALL.map(|language| (language.tag(), language.source()));
    let templates = templates.iter().map(|(name, text)| (*name, text.as_str()));
    let mut digest = Context::new(&SHA256);
    for (name, text) in templates.chain(locales) {
        for part in [name, text] {
            // Lengths keep the parts apart: moving text from one file to the next must change the hash.
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
    }
    assets::hex(digest.finish().as_ref())
}

/// Writes a value into HTML. The engine's own escaping would turn each `/` of an address into an entity as well, which browsers
/// understand and people who read or test a page's source do not.
fn escaped(
    output: &mut Output<'_>,
    state: &State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return minijinja::escape_formatter(output, state, value);
    };
    for character in text.chars() {
        match character {
            '&' => output.write_str("&amp;"),
            '<' => output.write_str("&lt;"),
            '>' => output.write_str("&gt;"),
            '"' => output.write_str("&quot;"),
            '\'' => output.write_str("&#x27;"),
            other => output.write_char(other),
        }?;
    }
    Ok(())
}

/// Filter: a path on this host, else nothing. A page must not link or post elsewhere, whatever a request's path looked like.
fn local_path(path: &str) -> String {
    local(path).to_owned()
}

fn local(path: &str) -> &str {
    let rest = path.strip_prefix('/');
    let outside = |rest: &str| rest.starts_with(['/', '\\']) || rest.contains(char::is_control);
    match rest {
        Some(rest) if !outside(rest) => path,
        _ => "",
    }
}

/// Filter: this page's address in another language.
fn switch_to(path: &str, language: &str) -> String {
    let path = local(path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parameters: Vec<_> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty() && !parameter.starts_with("lang="))
        .collect();
    let lang = format!("lang={language}");
    parameters.push(&lang);
    format!("{path}?{}", parameters.join("&"))
}

/// Filter: the first letters of a name's first two words.
fn monogram(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect()
}

/// Filter: the CSRF token, which no form may lack.
fn token(value: &Value) -> Result<String, minijinja::Error> {
    match value.as_str() {
        Some(token) if !token.is_empty() => Ok(token.to_owned()),
        _ => Err(minijinja::Error::new(
            ErrorKind::InvalidOperation,
            "a form needs the frame's CSRF token",
        )),
    }
}

#[cfg(test)]
mod tests;
