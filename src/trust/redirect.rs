//! Where a customer may be sent. The address comes from the query, outside PayNet's signature, so it is
//! checked against the configured list before anything is done with it.

use reqwest::Url;

/// The allow-list: origin and path prefix.
#[derive(Debug, Clone)]
pub struct RedirectPolicy {
    allowed: Vec<Url>,
}

/// An address from the allow-list. The only type a page redirects off-site to; made by
/// [`RedirectPolicy::check`] alone, also when it comes back from the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedRedirect(Url);

impl RedirectPolicy {
    /// Entries that are no addresses are left out; the configuration check has named them.
    pub fn new(entries: &[String]) -> Self {
        Self {
            allowed: entries
                .iter()
                .filter_map(|entry| Url::parse(entry).ok())
                .collect(),
        }
    }

    pub fn check(&self, address: &str) -> Option<TrustedRedirect> {
        if !is_read_in_one_way(address) {
            return None;
        }
        let url = Url::parse(address).ok()?;
        (is_plain(&url) && self.allowed.iter().any(|allowed| covers(allowed, &url)))
            .then_some(TrustedRedirect(url))
    }
}

/// Readers of addresses drop line ends and tabs, turn backslashes into slashes, and fold letters and points of other scripts into
/// ordinary ones. What they make of it may be on the list; what somebody else reads is not.
fn is_read_in_one_way(address: &str) -> bool {
    address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// Nothing that another reader of the address could take for something else.
fn is_plain(url: &Url) -> bool {
    const ENCODED_SEPARATORS: [&str; 3] = ["%2e", "%2f", "%5c"];
    let path = url.path().to_ascii_lowercase();
    url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
        && !ENCODED_SEPARATORS
            .iter()
            .any(|separator| path.contains(separator))
}

/// Same scheme, host and port, and the path is the allowed one or below it.
fn covers(allowed: &Url, url: &Url) -> bool {
    let (prefix, path) = (allowed.path().trim_end_matches('/'), url.path());
    let below = path
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    allowed.scheme() == url.scheme()
        && allowed.host_str() == url.host_str()
        && allowed.port_or_known_default() == url.port_or_known_default()
        && below
}

impl TrustedRedirect {
    /// As it is to be kept: without anything that parsing dropped.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address with these parameters. Ours replace any of the same name that it came with.
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let mut url = self.0.clone();
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !parameters.iter().any(|(ours, _)| ours == name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        url.query_pairs_mut()
            .clear()
            .extend_pairs(kept)
            .extend_pairs(parameters);
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_listed_origin_and_path() {
        let policy = RedirectPolicy::new(&["https://as.example/callback".to_owned()]);
        for good in [
            "https://as.example/callback",
            "https://as.example:443/callback?x=1",
            "https://as.example/callback/deeper",
        ] {
            assert!(policy.check(good).is_some(), "{good}");
        }
        for bad in [
            "http://as.example/callback",
            "https://as.example.evil.example/callback",
            "https://as.example:444/callback",
            "https://as.example/callbackery",
            "https://as.example/",
            "https://as.example/callback/../evil",
            "https://as.example/callback/..%2fevil",
            "https://as.example/callback/%2E%2e/evil",
            "https://as.example/callback#x",
            "https://user@as.example/callback",
            "https://as.example@evil.example/callback",
            "//as.example/callback",
            "javascript:alert(1)",
            "https:\\\\as.example\\callback",
            "https://as.example/call\nback",
            " https://as.example/callback",
            "https://as\u{3002}example/callback",
            "https://as.ex\u{ff41}mple/callback",
            "",
        ] {
            assert!(policy.check(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn parameters_are_encoded_and_appended() {
        let policy = RedirectPolicy::new(&["https://as.example/cb".to_owned()]);
        let redirect = policy.check("https://as.example/cb?a=1").unwrap();
        assert_eq!(
            policy
                .check("https://as.example/cb?b=theirs")
                .unwrap()
                .with(&[("b", "ours")]),
            "https://as.example/cb?b=ours"
        );
        assert_eq!(
            redirect.with(&[("b", "x y&z")]),
            "https://as.example/cb?a=1&b=x+y%26z"
        );
    }
}
