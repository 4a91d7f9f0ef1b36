//! The hand-written side of the branch: what its codegen.toml names, a guard that lets everybody in, and an implementation.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use poem::{
    Endpoint, EndpointExt, IntoResponse, Request, Response, endpoint::BoxEndpoint,
    error::ResponseError, http::StatusCode,
};
use poem_openapi::OpenApiService;
use progenitor_client::{ClientHooks, OperationInfo};

use crate::branch_generated::{
    branch::{
        client::Client,
        desk::{Desk, DeskRoutes},
        members::{
            DynMembers, GetMemberOutput, GetMemberParams, Members, MembersRoutes,
            RegisterMemberOutput, SearchMembersParams,
        },
        types,
    },
    calls::CallError,
    runtime::{Guard, Opened, Operation},
};

#[derive(Debug)]
pub(crate) enum Caller {
    Anyone,
    Clerk,
}

#[derive(Clone, Debug)]
pub(crate) struct Clerk;

/// A text that never holds a space.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct MemberId(String);

impl TryFrom<String> for MemberId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.contains(' ') {
            return Err("a member's id has no spaces");
        }
        Ok(Self(text))
    }
}

impl AsRef<str> for MemberId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug)]
pub(crate) struct Problem(pub(crate) u16, pub(crate) String);

impl Problem {
    pub(crate) fn unsupported(operation: &'static str) -> Self {
        Self(501, format!("{operation} is not supported"))
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Refused { status, .. } => Self(status, error.to_string()),
            _ => Self(0, error.to_string()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.1)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

pub(crate) struct OpenDoor;

impl Guard for OpenDoor {
    type Call = ();

    async fn open(
        &self,
        _operation: &'static Operation,
        request: &mut Request,
        _body: &Bytes,
    ) -> Result<Opened<()>, Problem> {
        request.extensions_mut().insert(Clerk);
        Ok(Opened {
            call: (),
            body: None,
        })
    }

    async fn seal(
        &self,
        _operation: &'static Operation,
        _call: (),
        _plaintext: serde_json::Value,
    ) -> Result<Response, Problem> {
        Err(Problem(500, "nothing is sealed here".to_owned()))
    }

    fn refuse(&self, error: poem::Error) -> Response {
        let status = error.status();
        error.to_string().with_status(status).into_response()
    }
}

/// Answers by what it is asked for, so that a test can have every success.
pub(crate) struct Branch;

impl Members for Branch {
    async fn get_member(&self, params: GetMemberParams) -> Result<GetMemberOutput, Problem> {
        let etag = "\"1\"".to_owned();
        match params.if_none_match {
            Some(known) if known == etag => Ok(GetMemberOutput::NotModified { etag }),
            _ if params.member_id.as_ref() == "nobody" => {
                Err(Problem(404, "there is no such member".to_owned()))
            }
            _ => Ok(GetMemberOutput::Ok {
                body: member(params.member_id),
                etag,
                x_age: Some(41),
            }),
        }
    }

    async fn register_member(
        &self,
        body: types::Applicant,
    ) -> Result<RegisterMemberOutput, Problem> {
        Ok(match body {
            types::Applicant::Person(person) if person.introduced_by.is_some() => {
                RegisterMemberOutput::Ok(member(MemberId(person.name)))
            }
            types::Applicant::Person(person) => RegisterMemberOutput::Created {
                location: format!("/v1/members/{}", person.name),
                x_first_pin: None,
                body: member(MemberId(person.name)),
            },
            types::Applicant::Company(_) => RegisterMemberOutput::Accepted,
        })
    }

    async fn search_members(
        &self,
        params: SearchMembersParams,
    ) -> Result<Vec<types::Member>, Problem> {
        let count = usize::try_from(params.limit).map_err(|it| Problem(400, it.to_string()))?;
        // More than the document allows, if asked for 90.
        let count = if count == 90 { 101 } else { count };
        Ok(vec![member(MemberId("m".to_owned())); count])
    }
}

impl Desk for Branch {
    async fn rate(&self, _call: Clerk, _body: Vec<types::Rating>) -> Result<(), Problem> {
        Ok(())
    }

    async fn send_notice(&self, _call: Clerk, body: String) -> Result<(), Problem> {
        assert_eq!(body, "a.b.c");
        Ok(())
    }
}

fn member(member_id: MemberId) -> types::Member {
    types::Member {
        name: "Aminah".to_owned(),
        member_id,
        sponsor: None,
    }
}

pub(crate) fn routes() -> BoxEndpoint<'static, Response> {
    let members: Arc<dyn DynMembers> = Arc::new(Branch);
    let guard = Arc::new(OpenDoor);
    let members = MembersRoutes::guarded(Arc::new(members), guard.clone());
    let desk = DeskRoutes::guarded(Arc::new(Branch), guard);
    OpenApiService::new((members, desk), "", "")
        .map_to_response()
        .boxed()
}

/// Where the client's requests go.
#[derive(Clone)]
pub(crate) struct Connection(pub(crate) Arc<BoxEndpoint<'static, Response>>);

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl ClientHooks<Connection> for Client {
    async fn exec(
        &self,
        request: reqwest::Request,
        _: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        let body = request.body().and_then(reqwest::Body::as_bytes);
        let url = request.url();
        let mut uri = url.path().to_owned();
        if let Some(query) = url.query() {
            uri = format!("{uri}?{query}");
        }
        let mut forwarded = Request::builder()
            .method(request.method().clone())
            .uri_str(uri)
            .body(body.unwrap_or_default().to_vec());
        *forwarded.headers_mut() = request.headers().clone();
        let response = self.inner.0.get_response(forwarded).await;
        let mut answer = poem::http::Response::builder().status(response.status());
        for (name, value) in response.headers() {
            answer = answer.header(name, value);
        }
        let body = response.into_body().into_bytes().await.unwrap_or_default();
        Ok(answer.body(body).unwrap_or_default().into())
    }
}

/// A client of [`routes`].
pub(crate) fn client() -> Client {
    // Only the first of several tests can set it.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let connection = Connection(Arc::new(routes()));
    Client::new_with_client("http://branch.test", reqwest::Client::new(), connection)
}
