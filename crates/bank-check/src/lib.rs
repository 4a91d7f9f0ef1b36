//! The contract kit behind `izin bank check`: it drives a bank's HTTP implementation of the documents `core-bank-1.yaml` and
//! `sign-in-1.yaml` over the wire and says of each requirement whether it is met.
//!
//! The kit judges by what is visible from outside and by the documents that the caller hands over. It holds no values of the customer
//! back and shows none: a finding names the request, the status, the place in the answer and the rule, never what stood there. It
//! writes nothing at the bank unless [`Options::notices`] is set, and every step has a bound: a bank that never answers, answers
//! without end or sends rubbish costs time within limits and is reported.
//!
//! Parsing of arguments and the exit code are the caller's.

mod bench;
mod call;
mod digest;
mod document;
mod judge;
mod report;
mod requirements;
mod sheet;
mod target;
mod wire;

pub use self::{
    report::{Detail, Entry, Report, Verdict},
    requirements::{Requirement, requirements},
    target::{Documents, Endpoint, Options, SetupError, Target},
};

/// Drives the bank through every requirement and reports, in order of id.
///
/// `progress` hears the id of each requirement as it is begun. When a person has to do something, it hears the id, a colon and what
/// there is to do (`SI-08: approve the sign-in in the bank's app now`).
///
/// # Errors
/// What the operator gave cannot be used: a file, an id, a document. Whatever the bank does is in the report.
pub async fn run(
    target: &Target,
    options: &Options,
    documents: Documents<'_>,
    progress: impl FnMut(&str) + Send,
) -> Result<Report, SetupError> {
    requirements::run(target, options, documents, progress).await
}
