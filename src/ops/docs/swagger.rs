//! Swagger UI with a document of ours in place of the one that poem-openapi would make from its routes: that one has lost servers,
//! security and examples. The script and the style are in the page, so it needs nobody else.

use poem_openapi::OpenApiService;

use crate::ops::documents::Document;

/// The page is made of inline script and style; it may ask this listener and nobody else.
pub const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TITLE: &str = "<title>Swagger UI</title>";
const SPEC_BEGINS: &str = "let spec = ";
const SPEC_ENDS: &str = ";\n    let oauth2RedirectUrl;";
const LAST_OPTION: &str = "deepLinking: true,\n";

/// poem-openapi has changed its page.
#[derive(Debug, thiserror::Error)]
#[error("Swagger UI's page has {found} times {wanted:?}, expected once")]
pub struct SwaggerError {
    wanted: &'static str,
    found: usize,
}

/// The page for one document. Without `try_it` nothing can be sent from it.
pub fn page(document: &Document, try_it: bool) -> Result<String, SwaggerError> {
    let name = document.name;
    let page = OpenApiService::new((), "", "").swagger_ui_html();
    let page = replace_once(&page, TITLE, &format!("<title>{name}</title>"))?;
    let option = if try_it {
        interceptor(name)
    } else {
        "supportedSubmitMethods: [],".to_owned()
    };
    // The validator is a service on the internet.
    let options = format!("{LAST_OPTION}        validatorUrl: null,\n        {option}\n");
    let page = replace_once(&page, LAST_OPTION, &options)?;
    let (before, rest) = split_once(&page, SPEC_BEGINS)?;
    let (_, after) = split_once(rest, SPEC_ENDS)?;
    let spec = embedded(document.json);
    let page = format!("<!doctype html>{before}{SPEC_BEGINS}{spec}{SPEC_ENDS}{after}");
    Ok(page)
}

/// The document's servers are not this machine: its calls go to the test proxy.
fn interceptor(name: &str) -> String {
    format!(
        "requestInterceptor: (request) => {{
            const url = new URL(request.url, window.location.href);
            request.url = `${{window.location.origin}}/try/{name}${{url.pathname}}${{url.search}}`;
            return request;
        }},"
    )
}

/// JSON is script as long as it cannot end the element it stands in.
fn embedded(json: &str) -> String {
    json.replace('<', "\\u003c")
}

fn replace_once(text: &str, from: &'static str, to: &str) -> Result<String, SwaggerError> {
    let (before, after) = split_once(text, from)?;
    Ok(format!("{before}{to}{after}"))
}

fn split_once<'a>(text: &'a str, wanted: &'static str) -> Result<(&'a str, &'a str), SwaggerError> {
    let found = text.matches(wanted).count();
    match text.split_once(wanted) {
        Some(parts) if found == 1 => Ok(parts),
        _ => Err(SwaggerError { wanted, found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: Document = Document {
        name: "sample-1",
        yaml: "",
        json: r#"{"info":{"title":"</script><b>"}}"#,
        served: &[],
    };

    /// From where the options are, past a megabyte of script.
    fn settings(try_it: bool) -> String {
        let page = page(&DOCUMENT, try_it).unwrap();
        let (_, settings) = page.split_once(SPEC_BEGINS).unwrap();
        settings.to_owned()
    }

    #[test]
    fn the_document_is_embedded_and_cannot_break_out() {
        let settings = settings(true);
        assert!(settings.starts_with(r#"{"info":{"title":"\u003c/script>\u003cb>"}}"#));
        assert_eq!(settings.matches("</script>").count(), 1);
    }

    #[test]
    fn requests_go_to_the_test_proxy_or_nowhere() {
        assert!(settings(true).contains("/try/sample-1${url.pathname}"));
        assert!(settings(false).contains("supportedSubmitMethods: [],"));
        assert!(!settings(false).contains("requestInterceptor"));
    }
}
