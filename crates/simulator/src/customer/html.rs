//! What a customer can see and use of a page: text, forms, links, and the attributes of `<body>`.
//!
//! Read from the tokens of the HTML standard's tokenizer, without building a tree: nothing here depends on nesting beyond "inside this
//! form" and "inside this label".

use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// Elements that do not separate words.
const INLINE: [&str; 14] = [
    "a", "abbr", "b", "bdi", "cite", "code", "em", "i", "small", "span", "strong", "sub", "sup",
    "u",
];

/// Elements whose text nobody sees.
const UNSEEN: [&str; 5] = ["head", "noscript", "script", "style", "template"];

/// A `<form>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// In lower case; `get` unless given.
    pub method: String,
    /// As written.
    pub action: String,
    pub inputs: Vec<Input>,
    pub buttons: Vec<Button>,
}

/// An `<input>`, `<select>` or `<textarea>`; of the last two only the name is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    pub name: String,
    /// `type`, in lower case.
    pub kind: String,
    pub value: String,
    pub id: String,
    pub checked: bool,
    pub disabled: bool,
    /// Text of the label around it or for it.
    pub label: String,
}

/// A `<button>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Button {
    pub name: String,
    pub value: String,
    pub text: String,
}

/// A page, read.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub(super) body: BTreeMap<String, String>,
    pub(super) forms: Vec<Form>,
    /// `href` of every `<a>` and `<area>`, as written.
    pub(super) links: Vec<String>,
    /// Names of all elements, in order.
    pub(super) elements: Vec<String>,
    /// `content` of the meta refresh.
    pub(super) refresh: Option<String>,
    pub(super) text: String,
}

impl Form {
    /// What a browser would send along with a button: named, enabled, and ticked if it can be.
    pub fn fields(&self) -> Vec<(String, String)> {
        self.inputs
            .iter()
            .filter(|input| !input.name.is_empty() && !input.disabled)
            .filter(|input| !matches!(input.kind.as_str(), "checkbox" | "radio") || input.checked)
            .map(|input| (input.name.clone(), input.value.clone()))
            .collect()
    }

    pub fn has_action(&self, action: &str) -> bool {
        self.buttons
            .iter()
            .any(|button| button.name == "action" && button.value == action)
    }
}

impl Document {
    pub(super) fn read(html: &str) -> Self {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut reader = Reader::default();
        for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
            match token {
                Token::StartTag(tag) => reader.open(&tag),
                Token::EndTag(tag) => reader.close(&String::from_utf8_lossy(&tag.name)),
                Token::String(text) => reader.words(&String::from_utf8_lossy(&text)),
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        reader.finish()
    }
}

#[derive(Default)]
struct Reader {
    document: Document,
    form: Option<Form>,
    button: Option<Button>,
    label: Option<Label>,
    labels: Vec<Label>,
    unseen: usize,
}

#[derive(Default)]
struct Label {
    /// `for`, or the id of the input inside; the input may have none.
    names: Option<String>,
    text: String,
    /// Place of an input inside, if it has no id.
    inside: Option<usize>,
}

impl Reader {
    fn open(&mut self, tag: &StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        if !INLINE.contains(&name.as_str()) {
            self.words(" ");
        }
        if UNSEEN.contains(&name.as_str()) {
            self.unseen += 1;
        }
        match name.as_str() {
            "a" | "area" => self.document.links.extend(attribute(tag, "href")),
            "body" => self.document.body = attributes(tag),
            "button" => self.button = Some(button(tag)),
            "form" => self.form = Some(form(tag)),
            "input" | "select" | "textarea" => self.input(tag),
            "label" => {
                self.label = Some(Label {
                    names: attribute(tag, "for"),
                    ..Label::default()
                });
            }
            "meta" if is_refresh(tag) => self.document.refresh = attribute(tag, "content"),
            _ => {}
        }
        self.document.elements.push(name);
    }

    fn close(&mut self, name: &str) {
        if !INLINE.contains(&name) {
            self.words(" ");
        }
        if UNSEEN.contains(&name) {
            self.unseen = self.unseen.saturating_sub(1);
        }
        match name {
            "button" => self.close_button(),
            "form" => self.document.forms.extend(self.form.take()),
            "label" => self.labels.extend(self.label.take()),
            _ => {}
        }
    }

    fn words(&mut self, text: &str) {
        if self.unseen > 0 {
            return;
        }
        self.document.text.push_str(text);
        if let Some(button) = &mut self.button {
            button.text.push_str(text);
        }
        if let Some(label) = &mut self.label {
            label.text.push_str(text);
        }
    }

    fn input(&mut self, tag: &StartTag<()>) {
        let input = input(tag);
        let Some(form) = &mut self.form else {
            return;
        };
        if let Some(label) = &mut self.label {
            label.inside = Some(form.inputs.len());
            if label.names.is_none() && !input.id.is_empty() {
                label.names = Some(input.id.clone());
            }
        }
        form.inputs.push(input);
    }

    fn close_button(&mut self) {
        let Some(mut button) = self.button.take() else {
            return;
        };
        button.text = collapsed(&button.text);
        if let Some(form) = &mut self.form {
            form.buttons.push(button);
        }
    }

    fn finish(mut self) -> Document {
        self.document.forms.extend(self.form.take());
        self.document.text = collapsed(&self.document.text);
        for form in &mut self.document.forms {
            for (place, input) in form.inputs.iter_mut().enumerate() {
                let label = self.labels.iter().find(|label| label.is_of(place, input));
                input.label = label
                    .map(|label| collapsed(&label.text))
                    .unwrap_or_default();
            }
        }
        self.document
    }
}

impl Label {
    fn is_of(&self, place: usize, input: &Input) -> bool {
        match &self.names {
            Some(id) => *id == input.id,
            None => self.inside == Some(place),
        }
    }
}

fn form(tag: &StartTag<()>) -> Form {
    Form {
        method: attribute(tag, "method").map_or_else(|| "get".to_owned(), |it| it.to_lowercase()),
        action: attribute(tag, "action").unwrap_or_default(),
        ..Form::default()
    }
}

fn input(tag: &StartTag<()>) -> Input {
    let text = |name: &str| attribute(tag, name).unwrap_or_default();
    let kind = text("type").to_lowercase();
    let ticked = matches!(kind.as_str(), "checkbox" | "radio");
    let unvalued = if ticked { "on" } else { "" };
    Input {
        name: text("name"),
        value: attribute(tag, "value").unwrap_or_else(|| unvalued.to_owned()),
        id: text("id"),
        checked: attribute(tag, "checked").is_some(),
        disabled: attribute(tag, "disabled").is_some(),
        kind,
        label: String::new(),
    }
}

fn button(tag: &StartTag<()>) -> Button {
    Button {
        name: attribute(tag, "name").unwrap_or_default(),
        value: attribute(tag, "value").unwrap_or_default(),
        text: String::new(),
    }
}

fn is_refresh(tag: &StartTag<()>) -> bool {
    attribute(tag, "http-equiv").is_some_and(|what| what.eq_ignore_ascii_case("refresh"))
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

fn attributes(tag: &StartTag<()>) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    tag.attributes
        .iter()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><html><head><title>Unseen</title>
        <meta http-equiv="Refresh" content="2;url=/consent"><style>p{}</style></head>
        <body data-screen="accounts" data-reason='a&amp;b'><p>Choose <b>w</b>isely</p><p>now</p>
        <a href="/help?a=1&amp;b=2">Help</a>
        <form method="POST" action="/consent/accounts"><input type="hidden" name="csrf" value="t&quot;t">
        <label for="x"><input type="checkbox" id="x" name="account_id" value="1" checked> Savings</label>
        <label><input type=checkbox name=account_id value=2 disabled>Old</label>
        <button name="action" value="continue">Go on</button></form></body></html>"#;

    #[test]
    fn a_page_is_read_as_a_customer_sees_it() {
        let document = Document::read(PAGE);
        assert_eq!(document.body["data-screen"], "accounts");
        assert_eq!(document.body["data-reason"], "a&b");
        assert_eq!(document.refresh.as_deref(), Some("2;url=/consent"));
        assert_eq!(document.links, ["/help?a=1&b=2"]);
        assert_eq!(document.text, "Choose wisely now Help Savings Old Go on");
    }

    #[test]
    fn a_form_is_read_as_a_browser_sends_it() {
        let document = Document::read(PAGE);
        let form = &document.forms[0];
        assert_eq!(
            (form.method.as_str(), form.action.as_str()),
            ("post", "/consent/accounts")
        );
        let labels: Vec<_> = form.inputs.iter().map(|one| one.label.as_str()).collect();
        assert_eq!(labels, ["", "Savings", "Old"]);
        let sent = form.fields();
        let sent: Vec<_> = sent.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(sent, [("csrf", "t\"t"), ("account_id", "1")]);
        assert!(form.has_action("continue") && !form.has_action("approve"));
    }
}
