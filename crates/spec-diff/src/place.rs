//! Where a change is: once as part of an id for files, once as words.

/// Depends on names only, never on positions, so that an id survives a reordered document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// `ConsentUpdate.id_token`, `getHealth.query.verbose`
    pub(crate) slug: String,
    /// `` `ConsentUpdate.id_token` ``, `` `getHealth`: query parameter `verbose` ``
    label: Label,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Label {
    /// What the path below starts from, in words.
    anchor: String,
    /// The way on from there: `.accounts[].account_id`.
    path: String,
    /// Whether the anchor is itself a name that a path can be appended to.
    named: bool,
}

impl Place {
    /// A component schema, whose name starts a path.
    pub(crate) fn component(name: &str) -> Self {
        Self::new(name, name, true)
    }

    /// Something that words describe.
    pub(crate) fn described(slug: impl Into<String>, words: impl Into<String>) -> Self {
        Self::new(slug, words, false)
    }

    fn new(slug: impl Into<String>, anchor: impl Into<String>, named: bool) -> Self {
        let anchor = anchor.into();
        Self {
            slug: slug.into(),
            label: Label {
                anchor,
                path: String::new(),
                named,
            },
        }
    }

    pub(crate) fn field(&self, name: &str) -> Self {
        self.extended(&format!(".{name}"))
    }

    pub(crate) fn items(&self) -> Self {
        self.extended("[]")
    }

    /// The values of a map.
    pub(crate) fn values(&self) -> Self {
        self.extended(".*")
    }

    pub(crate) fn form(&self, name: &str) -> Self {
        self.extended(&format!("<{name}>"))
    }

    fn extended(&self, step: &str) -> Self {
        let mut place = self.clone();
        place.slug.push_str(step);
        place.label.path.push_str(step);
        place
    }

    pub(crate) fn words(&self) -> String {
        let Label {
            anchor,
            path,
            named,
        } = &self.label;
        match (named, path.is_empty()) {
            (true, _) => format!("`{anchor}{path}`"),
            (false, true) => anchor.clone(),
            (false, false) => format!("{anchor}, `{}`", path.trim_start_matches('.')),
        }
    }
}

/// Names come from documents that we do not control; what is printed has no control characters.
pub(crate) fn printable(text: &str) -> String {
    let shown = |letter: char| {
        if letter.is_control() {
            '\u{fffd}'
        } else {
            letter
        }
    };
    text.chars().map(shown).collect()
}
