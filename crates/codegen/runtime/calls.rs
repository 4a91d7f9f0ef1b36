//! What generated clients share: an answer that is read within bounds, and what can go wrong on the way to it.

use std::fmt;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use progenitor_client::{ByteStream, Error, ResponseValue};
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Largest answer in bytes that is read.
pub const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Why a call has no documented success.
#[derive(Debug)]
pub enum CallError {
    /// The answer has a status of success and is not what the document says, or too large.
    Invalid {
        operation: &'static str,
        reason: String,
    },
    /// Any other status. The body is whatever stood there, cut off at [`MAX_ANSWER`].
    Refused {
        operation: &'static str,
        status: u16,
        headers: HeaderMap,
        body: Bytes,
    },
    /// The call was not sent, or its answer did not arrive.
    Unreachable {
        operation: &'static str,
        error: Box<Error<()>>,
    },
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { operation, reason } => {
                write!(f, "{operation}: the answer is not as documented: {reason}")
            }
            Self::Refused {
                operation, status, ..
            } => write!(f, "{operation}: answered with status {status}"),
            Self::Unreachable { operation, error } => {
                write!(f, "{operation}: no answer: {error}")?;
                // Its own words hold those of the first cause.
                let first = std::error::Error::source(&**error);
                let mut cause = first.and_then(std::error::Error::source);
                while let Some(error) = cause {
                    write!(f, ": {error}")?;
                    cause = error.source();
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for CallError {}

/// An answer whose body has been read.
pub(super) struct Answer {
    operation: &'static str,
    pub(super) status: u16,
    headers: HeaderMap,
    body: Bytes,
    is_complete: bool,
}

impl Answer {
    pub(super) async fn read(
        operation: &'static str,
        result: Result<ResponseValue<ByteStream>, Error<()>>,
    ) -> Result<Self, CallError> {
        let answer = match result {
            Ok(answer) => answer,
            // The client takes every status that is no success for unexpected; the document may know it.
            Err(Error::UnexpectedResponse(response)) => ResponseValue::stream(response),
            Err(error) => return Err(unreachable(operation, error)),
        };
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let mut stream = answer.into_inner_stream();
        let mut body = BytesMut::new();
        let mut is_complete = true;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| unreachable(operation, Error::ResponseBodyError(error)))?;
            let room = MAX_ANSWER - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                is_complete = false;
                break;
            }
        }
        Ok(Self {
            operation,
            status,
            headers,
            body: body.freeze(),
            is_complete,
        })
    }

    /// For a status that the document does not name as a success.
    pub(super) fn refused(self) -> CallError {
        CallError::Refused {
            operation: self.operation,
            status: self.status,
            headers: self.headers,
            body: self.body,
        }
    }

    pub(super) fn json(&self) -> Result<Value, CallError> {
        serde_json::from_slice(self.complete()?).map_err(|error| self.invalid(error))
    }

    /// The body as a type that knows no limits.
    pub(super) fn typed<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_slice(self.complete()?).map_err(|error| self.invalid(error))
    }

    pub(super) fn text(&self) -> Result<String, CallError> {
        String::from_utf8(self.complete()?.to_vec()).map_err(|error| self.invalid(error))
    }

    pub(super) fn header<T: DeserializeOwned>(&self, name: &str) -> Result<T, CallError> {
        self.optional_header(name)?
            .ok_or_else(|| self.invalid(format!("the header {name} is missing")))
    }

    pub(super) fn optional_header<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, CallError> {
        let Some(value) = self.headers.get(name) else {
            return Ok(None);
        };
        let unreadable = || self.invalid(format!("the header {name} cannot be read"));
        let text = value.to_str().map_err(|_| unreadable())?;
        // A text, or else a number or a boolean.
        let value = serde_json::from_value(Value::from(text)).or_else(|_| serde_json::from_str(text));
        value.map(Some).map_err(|_| unreadable())
    }

    pub(super) fn invalid(&self, reason: impl fmt::Display) -> CallError {
        CallError::Invalid {
            operation: self.operation,
            reason: reason.to_string(),
        }
    }

    fn complete(&self) -> Result<&[u8], CallError> {
        if self.is_complete {
            return Ok(&self.body);
        }
        Err(self.invalid(format!("it is larger than {MAX_ANSWER} bytes")))
    }
}

fn unreachable(operation: &'static str, error: Error<()>) -> CallError {
    CallError::Unreachable {
        operation,
        error: Box::new(error),
    }
}
