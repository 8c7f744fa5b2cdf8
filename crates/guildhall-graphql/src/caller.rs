//! What every resolver has at hand: the hall, and who is calling.

use async_graphql::Context;
use guildhall_app::{Guildhall, Principal};
use std::sync::Arc;

/// The hall and the principal of one request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) hall: Arc<Guildhall>,
    pub(crate) principal: Principal,
}

impl Caller {
    /// The caller of a request.
    pub(crate) fn of<'a>(context: &Context<'a>) -> &'a Self {
        context.data_unchecked::<Self>()
    }
}
