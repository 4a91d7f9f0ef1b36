//! Cookies by host, as far as pages of one site need them.

use std::collections::BTreeMap;

use http::HeaderMap;
use url::Url;

/// Host and name to value. Ports do not separate cookies (RFC 6265 §8.5), and all pages here use the root path.
#[derive(Debug, Default)]
pub(super) struct Cookies(BTreeMap<(String, String), String>);

impl Cookies {
    /// The `Cookie` header for a request, if there is anything to send.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let host = url.host_str()?;
        let pairs: Vec<_> = self
            .0
            .iter()
            .filter(|((of, _), _)| of == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub(super) fn store(&mut self, url: &Url, headers: &HeaderMap) {
        let Some(host) = url.host_str() else {
            return;
        };
        for cookie in headers.get_all(http::header::SET_COOKIE) {
            let Ok(cookie) = cookie.to_str() else {
                continue;
            };
            let mut parts = cookie.split(';').map(str::trim);
            let pair = parts.next().and_then(|pair| pair.split_once('='));
            let Some((name, value)) = pair else {
                continue;
            };
            let key = (host.to_owned(), name.to_owned());
            if parts.any(ends_now) {
                self.0.remove(&key);
            } else {
                self.0.insert(key, value.to_owned());
            }
        }
    }

    pub(super) fn get(&self, host: &str, name: &str) -> Option<&str> {
        let key = (host.to_owned(), name.to_owned());
        self.0.get(&key).map(String::as_str)
    }
}

/// `Max-Age=0`, by which a site takes a cookie back.
fn ends_now(attribute: &str) -> bool {
    let Some((name, value)) = attribute.split_once('=') else {
        return false;
    };
    name.eq_ignore_ascii_case("max-age") && value.parse::<i64>().is_ok_and(|seconds| seconds <= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_go_back_to_their_host_until_they_end() {
        let mut cookies = Cookies::default();
        let here = Url::parse("http://127.0.0.1:1/a").expect("a URL");
        let other_port = Url::parse("http://127.0.0.1:2/b").expect("a URL");
        let elsewhere = Url::parse("http://localhost:1/a").expect("a URL");
        let answer = |value: &str| {
            let value = value.parse().expect("a header");
            HeaderMap::from_iter([(http::header::SET_COOKIE, value)])
        };
        cookies.store(&here, &answer("a=1; Path=/; HttpOnly"));
        assert_eq!(cookies.header(&other_port).as_deref(), Some("a=1"));
        assert_eq!(cookies.header(&elsewhere), None);
        cookies.store(&here, &answer("a=; Max-Age=0"));
        assert_eq!(cookies.header(&here), None);
    }
}
