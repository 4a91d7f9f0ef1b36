//! The hand-written side of the library: the one error, a guard that lets everybody in, and an implementation.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response, error::ResponseError, http::StatusCode,
    web::Json,
};
use poem_openapi::OpenApiService;
use serde_json::Value;

use crate::{
    library_generated::{
        library::{
            server::{
                GetBookParams, GetLoanParams, Library, LibraryRoutes, OPERATIONS, VisitDeskOutput,
            },
            types,
        },
        runtime::{Guard, Opened, Operation},
    },
    trust::{Anyone, Librarian, Reader},
};

#[derive(Debug)]
pub(crate) struct Failure;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failure")
    }
}

impl std::error::Error for Failure {}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

struct OpenDoor;

impl Guard for OpenDoor {
    type Call = ();

    async fn open(
        &self,
        _operation: &'static Operation,
        request: &mut Request,
        _body: &Bytes,
    ) -> Result<Opened<()>, Failure> {
        let extensions = request.extensions_mut();
        extensions.insert(Reader);
        extensions.insert(Librarian);
        extensions.insert(Anyone);
        Ok(Opened {
            call: (),
            body: None,
        })
    }

    async fn seal(
        &self,
        _operation: &'static Operation,
        _call: (),
        plaintext: Value,
    ) -> Result<Response, Failure> {
        Ok(Json(serde_json::json!({ "sealed": plaintext })).into_response())
    }

    fn refuse(&self, error: poem::Error) -> Response {
        let status = error.status();
        error.to_string().with_status(status).into_response()
    }
}

struct Shelves;

impl Library for Shelves {
    async fn get_book(&self, _: Reader, params: GetBookParams) -> Result<types::Book, Failure> {
        Ok(types::Book {
            title: params.book_id,
            r#type: params.r#type.unwrap_or(types::Binding::HardCover),
            genre: None,
            price: 12.5,
            labels: std::collections::BTreeMap::new(),
            printed_on: chrono::NaiveDate::default(),
            sequels: None,
            anything: None,
        })
    }

    async fn lend_book(&self, _: Librarian, _: types::Loan) -> Result<types::Nothing, Failure> {
        Ok(types::Nothing {})
    }

    async fn get_loan(&self, _: Reader, params: GetLoanParams) -> Result<types::Loan, Failure> {
        Ok(types::Loan {
            book_id: params.loan_id,
            due: chrono::DateTime::default(),
            copies: 1,
            renewals: 0,
            reader: None,
        })
    }

    async fn visit_desk(&self, _: Anyone) -> Result<VisitDeskOutput, Failure> {
        Ok(VisitDeskOutput {
            location: "/desk".to_owned(),
            x_queue: Some(3),
            x_ticket: None,
        })
    }

    async fn obtain_token(
        &self,
        _: Anyone,
        body: types::ObtainTokenRequest,
    ) -> Result<types::Token, Failure> {
        Ok(types::Token {
            token: body.r#use,
            x5t_s256: None,
        })
    }
}

pub(crate) fn routes() -> impl Endpoint<Output = Response> {
    let routes = LibraryRoutes::guarded(Arc::new(Shelves), Arc::new(OpenDoor));
    OpenApiService::new(routes, "", "").map_to_response()
}

#[tokio::test]
async fn a_sealed_answer_leaves_sealed_only() {
    let request = Request::builder().uri_str("/v1/loans/7").finish();
    let response = routes().get_response(request).await;
    let body: Value = response.into_body().into_json().await.unwrap();
    assert_eq!(body["sealed"]["book_id"], "7");
}

#[test]
fn an_operation_knows_its_documented_statuses() {
    let operation = |id| OPERATIONS.iter().find(|it| it.id == id).unwrap();
    assert!(operation("getBook").documents(200));
    assert!(operation("getBook").documents(404));
    assert!(!operation("getBook").documents(500));
    assert!(matches!(
        operation("visitDesk").statuses,
        [303] if operation("visitDesk").status_classes.is_empty()
    ));
}
