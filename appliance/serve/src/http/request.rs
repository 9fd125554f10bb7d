//! A request, however it was framed: what the meaning layer reads.

use super::fields::Fields;
use super::method::Method;
use super::target::Target;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// What it asks for.
    pub method: Method,
    /// The method as it was sent, for the log.
    pub method_name: &'a str,
    /// Of what.
    pub target: Target<'a>,
    /// Under which conditions.
    pub fields: Fields<'a>,
}

impl<'a> Request<'a> {
    /// The query, where the target has one.
    #[must_use]
    pub fn query(&self) -> Option<&'a str> {
        match self.target {
            Target::Resource { query, .. } => query,
            Target::Server | Target::Irrelevant => None,
        }
    }
}
