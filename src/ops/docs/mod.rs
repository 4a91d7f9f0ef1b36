//! `GET /docs`: the documents. `GET /docs/{name}`: one of them in Swagger UI; with `.yaml` or `.json`, the document itself.

pub mod swagger;

use std::sync::Arc;

use minijinja::context;
use poem::http::header;
use poem::web::{Data, Path, Redirect};
use poem::{Response, handler};

use super::Ops;
use super::documents::Shelved;
use super::page::html;
use crate::http::{ApiError, ErrorCode};

/// `GET /`
#[handler]
pub fn home() -> Redirect {
    Redirect::see_other("/docs")
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "extractors are passed by value"
)]
#[handler]
pub fn index(ops: Data<&Arc<Ops>>) -> poem::Result<Response> {
    let documents: Vec<_> = ops.library.iter().map(summary).collect();
    let page = context! { documents, can_try => ops.can_try };
    Ok(ops.screens.render("docs.html", page)?)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "extractors are passed by value"
)]
#[handler]
pub fn document(ops: Data<&Arc<Ops>>, Path(name): Path<String>) -> poem::Result<Response> {
    let find = |name: &str| {
        let unknown = || ApiError::new(ErrorCode::NotFound, "there is no such document");
        ops.library.find(name).ok_or_else(unknown)
    };
    let response = if let Some(name) = name.strip_suffix(".yaml") {
        file("application/yaml", find(name)?.document.yaml)
    } else if let Some(name) = name.strip_suffix(".json") {
        file("application/json", find(name)?.document.json)
    } else {
        html(find(&name)?.page.clone(), swagger::POLICY)
    };
    Ok(response)
}

fn file(content_type: &str, text: &'static str) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, content_type)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(text)
}

fn summary(shelved: &Shelved) -> minijinja::Value {
    let paths = shelved.content["paths"].as_object();
    let methods = paths.into_iter().flatten().filter_map(|(_, path)| {
        let methods = path.as_object()?.values();
        Some(
            methods
                .filter(|one| one.get("operationId").is_some())
                .count(),
        )
    });
    let served = shelved.document.served.len();
    context! {
        name => shelved.document.name,
        title => shelved.info("title"),
        version => shelved.info("version"),
        served,
        called => methods.sum::<usize>().saturating_sub(served),
    }
}
