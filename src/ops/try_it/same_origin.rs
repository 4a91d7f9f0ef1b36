//! The proxy listens on the tester's own machine, where every web page the tester visits can send requests to. Only the pages of this
//! listener may use it.

use poem::Request;
use poem::http::header;

use crate::http::{ApiError, ErrorCode};

pub fn check(request: &Request) -> Result<(), ApiError> {
    let host = request.header(header::HOST).unwrap_or_default();
    let refused = |description: &'static str| ApiError::new(ErrorCode::AccessDenied, description);
    // A foreign name that leads here is somebody's trick (DNS rebinding).
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !["127.0.0.1", "localhost", "[::1]"].contains(&name) {
        return Err(refused("this listener has a loopback address only"));
    }
    let foreign = match request.header(header::ORIGIN) {
        Some(origin) => origin != format!("http://{host}"),
        None => matches!(
            request.header("sec-fetch-site"),
            Some("cross-site" | "same-site")
        ),
    };
    if foreign {
        return Err(refused("other sites may not use the test proxy"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(headers: &[(&str, &str)]) -> bool {
        let request = headers
            .iter()
            .fold(Request::builder(), |request, (name, value)| {
                request.header(*name, *value)
            });
        check(&request.finish()).is_err()
    }

    #[test]
    fn only_our_own_pages_and_programs_without_a_page() {
        let host = ("host", "127.0.0.1:7708");
        assert!(!refused(&[host]));
        assert!(!refused(&[host, ("origin", "http://127.0.0.1:7708")]));
        assert!(!refused(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(refused(&[host, ("origin", "http://127.0.0.1:7706")]));
        assert!(refused(&[host, ("origin", "https://evil.example")]));
        assert!(refused(&[host, ("sec-fetch-site", "cross-site")]));
        assert!(refused(&[("host", "evil.example:7708")]));
        assert!(refused(&[]));
    }
}
