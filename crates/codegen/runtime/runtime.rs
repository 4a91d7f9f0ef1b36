//! What every generated server stands on: the guard around each operation, and answers that must not leave unsealed.
//!
//! A generated `…Routes` can only be mounted inside [`Guarded`]. The [`Guard`] sees the exact bytes of a request before any
//! parameter is parsed, hands the handler its context, wraps the plaintext of a sealed answer, and writes every error,
//! including those the framework makes while it parses.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use bytes::Bytes;
use poem::{
    Body, Endpoint, EndpointExt, Error, FromRequest, IntoResponse, Request, RequestBody, Response,
    endpoint::BoxEndpoint,
    http::{HeaderValue, Method, StatusCode, header},
};
use poem_openapi::{
    OpenApi,
    error::ParseRequestPayloadError,
    payload::{Json, ParsePayload, Payload},
    registry::{MetaApi, MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type},
    validation::Validator,
};
use regex::Regex;
use serde::de::DeserializeOwned;

// Filled in by the generator from `[runtime]` of codegen.toml.
use RUNTIME_ERROR as ApiError;
use RUNTIME_SIGNATURE as RequestSignature;

/// Largest request body in bytes; a larger one is refused with 413 before the guard opens it.
pub const MAX_BODY: usize = 1024 * 1024;

/// One operation that is served.
#[derive(Debug)]
pub struct Operation {
    pub id: &'static str,
    /// Upper case.
    pub method: &'static str,
    /// As in the document, with `{variables}`.
    pub path: &'static str,
    pub signature: RequestSignature,
    /// Whether the answer is a plaintext that [`Guard::seal`] has to wrap.
    pub sealed: bool,
    pub deprecated: bool,
    /// Every single status that the document names for this operation, successes and errors, sorted.
    pub statuses: &'static [u16],
    /// First digits of the classes that the document names besides, such as 4 of `4XX`.
    pub status_classes: &'static [u16],
}

impl Operation {
    /// Whether the document says that this operation may answer with `status`.
    pub fn documents(&self, status: u16) -> bool {
        self.statuses.contains(&status) || self.status_classes.contains(&(status / 100))
    }
}

/// What the guard learned from a request.
pub struct Opened<C> {
    /// Given back to [`Guard::seal`].
    pub call: C,
    /// JSON that the handler parses in place of the received body, such as the payload of an `application/jwt` request.
    pub body: Option<Bytes>,
}

pub trait Guard: Send + Sync + 'static {
    type Call: Send + Sync + 'static;

    /// Decides whether a request may proceed and puts the context of its operation into the request's extensions.
    fn open(
        &self,
        operation: &'static Operation,
        request: &mut Request,
        body: &Bytes,
    ) -> impl Future<Output = Result<Opened<Self::Call>, ApiError>> + Send;

    /// Makes the response from the typed plaintext of an operation that is declared `seal`.
    fn seal(
        &self,
        operation: &'static Operation,
        call: Self::Call,
        plaintext: serde_json::Value,
    ) -> impl Future<Output = Result<Response, ApiError>> + Send;

    /// The one error writer: gets everything that fails inside a guarded operation, also what the framework made.
    fn refuse(&self, error: Error) -> Response;
}

/// An API whose operations all pass through a guard.
pub struct Guarded<A, G> {
    api: A,
    guard: Arc<G>,
    operations: &'static [Operation],
    kept: Option<HashSet<&'static str>>,
}

impl<A, G> Guarded<A, G> {
    pub(super) fn new(api: A, guard: Arc<G>, operations: &'static [Operation]) -> Self {
        Self {
            api,
            guard,
            operations,
            kept: None,
        }
    }

    /// Serves only the operations with these ids.
    ///
    /// # Panics
    ///
    /// If an id is not one of this API, as that is a mistake in the program and would leave an operation unserved.
    #[must_use]
    pub fn only(mut self, ids: &[&'static str]) -> Self {
        for id in ids {
            let known = self.operations.iter().any(|operation| operation.id == *id);
            assert!(known, "`{id}` is not an operation of this API");
        }
        self.kept = Some(ids.iter().copied().collect());
        self
    }

    fn serves(&self, operation: &Operation) -> bool {
        self.kept
            .as_ref()
            .is_none_or(|kept| kept.contains(operation.id))
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&'static Operation> {
        self.operations.iter().find(|operation| {
            operation.method == method.as_str() && same_route(operation.path, path)
        })
    }
}

impl<A: OpenApi, G: Guard> OpenApi for Guarded<A, G> {
    fn meta() -> Vec<MetaApi> {
        A::meta()
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(self, table: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        let mut unguarded = HashMap::new();
        let Self {
            api,
            guard,
            operations,
            kept,
        } = self;
        let routes = Guarded {
            api: (),
            guard,
            operations,
            kept,
        };
        api.add_routes(&mut unguarded);
        for (path, methods) in unguarded {
            for (method, endpoint) in methods {
                // A route without an operation would be one without a guard: it is not mounted.
                let Some(operation) = routes.operation(&method, &path) else {
                    continue;
                };
                if routes.serves(operation) {
                    let endpoint = GuardedEndpoint {
                        endpoint,
                        operation,
                        guard: Arc::clone(&routes.guard),
                    };
                    let methods = table.entry(path.clone()).or_default();
                    methods.insert(method, endpoint.boxed());
                }
            }
        }
    }
}

/// Compares a documented path with a mounted one, which spells its variables differently.
fn same_route(documented: &str, mounted: &str) -> bool {
    let variable = |segment: &str| segment.starts_with([':', '{']);
    let mut mounted = mounted.split('/');
    let same = documented.split('/').all(|segment| {
        mounted
            .next()
            .is_some_and(|other| segment == other || (variable(segment) && variable(other)))
    });
    same && mounted.next().is_none()
}

struct GuardedEndpoint<G> {
    endpoint: BoxEndpoint<'static>,
    operation: &'static Operation,
    guard: Arc<G>,
}

impl<G: Guard> Endpoint for GuardedEndpoint<G> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match self.answer(request).await {
            Ok(response) => Ok(response),
            Err(error) => Ok(self.guard.refuse(error)),
        }
    }
}

impl<G: Guard> GuardedEndpoint<G> {
    async fn answer(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes_limit(MAX_BODY).await?;
        let opened = self.guard.open(self.operation, &mut request, &body).await?;
        match opened.body {
            None => request.set_body(Body::from_bytes(body)),
            Some(payload) => {
                let json = HeaderValue::from_static("application/json");
                request.headers_mut().insert(header::CONTENT_TYPE, json);
                request.set_body(Body::from_bytes(payload));
            }
        }
        let mut response = self.endpoint.call(request).await?;
        let plaintext = response.extensions_mut().remove::<Plaintext>();
        match plaintext {
            None if self.operation.sealed => {
                Err(Error::from_status(StatusCode::INTERNAL_SERVER_ERROR))
            }
            None => Ok(response),
            Some(Plaintext(plaintext)) => Ok(self
                .guard
                .seal(self.operation, opened.call, plaintext)
                .await?),
        }
    }
}

/// A typed answer that must be sealed.
///
/// The plaintext travels in the extensions of a response whose status is 500 and whose body is empty, so that it cannot
/// leave as it is, whatever goes wrong on the way.
pub struct Sealed<T>(pub T);

#[derive(Clone)]
struct Plaintext(serde_json::Value);

impl<T: Type + ToJSON> Payload for Sealed<T> {
    const CONTENT_TYPE: &'static str = "application/json";

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ToJSON> IntoResponse for Sealed<T> {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        if let Some(plaintext) = self.0.to_json() {
            response.extensions_mut().insert(Plaintext(plaintext));
        }
        response
    }
}

/// Applies the documented limits to a form, which poem-openapi reads without looking at them.
pub(super) fn checked<T: ToJSON + ParseFromJSON>(form: &T) -> poem::Result<T> {
    read(form.to_json())
}

/// Applies limits to a body that is no object; `W` is a struct with the body as its member `value`.
pub(super) fn within<T: ToJSON, W: ParseFromJSON>(body: &T) -> poem::Result<W> {
    read(Some(serde_json::json!({ "value": body.to_json() })))
}

fn read<T: ParseFromJSON>(value: Option<serde_json::Value>) -> poem::Result<T> {
    T::parse_from_json(value)
        .map_err(|error| Error::from_string(error.into_message(), StatusCode::BAD_REQUEST))
}

/// JSON that is what the document says, limits included.
///
/// poem-openapi alone reads numbers and booleans as texts; serde does not.
pub(super) fn parsed<T: ParseFromJSON + DeserializeOwned>(
    value: serde_json::Value,
) -> Result<T, String> {
    let strict = T::deserialize(&value).map(drop);
    let parsed = T::parse_from_json(Some(value)).map_err(ParseError::into_message)?;
    strict.map_err(|error| error.to_string())?;
    Ok(parsed)
}

/// `application/json`, read by [`parsed`].
pub struct JsonBody<T>(pub T);

impl<T: Type> Payload for JsonBody<T> {
    const CONTENT_TYPE: &'static str = <Json<T> as Payload>::CONTENT_TYPE;

    fn check_content_type(content_type: &str) -> bool {
        <Json<T> as Payload>::check_content_type(content_type)
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T: ParseFromJSON + DeserializeOwned> JsonBody<T> {
    /// The content of a body, or why it is not as documented, in words that may quote it.
    pub fn read(bytes: &[u8]) -> Result<T, String> {
        let value = if bytes.is_empty() {
            Ok(serde_json::Value::Null)
        } else {
            serde_json::from_slice(bytes).map_err(|error| error.to_string())
        };
        value.and_then(parsed)
    }
}

impl<T: ParseFromJSON + DeserializeOwned> ParsePayload for JsonBody<T> {
    const IS_REQUIRED: bool = T::IS_REQUIRED;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        let bytes = Vec::<u8>::from_request(request, body).await?;
        let body = Self::read(&bytes);
        Ok(Self(body.map_err(|reason| ParseRequestPayloadError { reason })?))
    }
}

poem_openapi::impl_apirequest_for_payload!(JsonBody<T>, T: ParseFromJSON + DeserializeOwned);

/// A documented `pattern`, compiled once in a process.
pub(super) struct Matches(pub &'static str);

impl<T: AsRef<str>> Validator<T> for Matches {
    fn check(&self, value: &T) -> bool {
        static COMPILED: LazyLock<RwLock<HashMap<&'static str, Regex>>> =
            LazyLock::new(RwLock::default);
        let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(expression) = known.get(self.0) {
            return expression.is_match(value.as_ref());
        }
        drop(known);
        // The generator has compiled it too; nothing would match an expression that is none.
        Regex::new(self.0).is_ok_and(|expression| {
            let matches = expression.is_match(value.as_ref());
            let mut known = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(self.0, expression);
            matches
        })
    }
}

impl fmt::Display for Matches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pattern(\"{}\")", self.0)
    }
}

/// Bodies that are a text of a media type of its own.
macro_rules! text_payloads {
    ($($name:ident = $media:literal),*) => { $(
        #[doc = concat!("`", $media, "`, as it is.")]
        pub struct $name(pub String);

        impl Payload for $name {
            const CONTENT_TYPE: &'static str = $media;

            fn schema_ref() -> MetaSchemaRef {
                String::schema_ref()
            }
        }

        impl ParsePayload for $name {
            const IS_REQUIRED: bool = true;

            async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
                Ok(Self(String::from_request(request, body).await?))
            }
        }

        impl IntoResponse for $name {
            fn into_response(self) -> Response {
                self.0.with_content_type($media).into_response()
            }
        }

        poem_openapi::impl_apirequest_for_payload!($name,);
    )* };
}

text_payloads!(Jose = "application/jose", Jwt = "application/jwt");

/// Hand-written types that stand for texts: `TryFrom<String>` reads one and refuses what is none, `AsRef<str>` writes it.
macro_rules! text_types {
    ($($name:literal = $ty:ty),*) => { $(
        impl Type for $ty {
            const IS_REQUIRED: bool = true;
            // The documented limits are checked on what `AsRef<str>` gives.
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $name.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                String::schema_ref()
            }

            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(self)
            }

            fn raw_element_iter<'a>(
                &'a self,
            ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                Box::new(std::iter::once(self))
            }
        }

        impl ParseFromJSON for $ty {
            fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
                match value.unwrap_or_default() {
                    serde_json::Value::String(text) => {
                        Self::try_from(text).map_err(ParseError::custom)
                    }
                    other => Err(ParseError::expected_type(other)),
                }
            }
        }

        impl ParseFromParameter for $ty {
            fn parse_from_parameter(text: &str) -> ParseResult<Self> {
                Self::try_from(text.to_owned()).map_err(ParseError::custom)
            }
        }

        impl ToJSON for $ty {
            fn to_json(&self) -> Option<serde_json::Value> {
                Some(AsRef::<str>::as_ref(self).into())
            }
        }
    )* };
}

text_types!();
