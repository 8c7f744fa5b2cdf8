//! Validation once a document: what was found sound stays so while the schema does.
//!
//! Values of variables are not part of it; `coercion` checks those for every request.

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{ServerError, ValidationResult};
use std::sync::{Arc, OnceLock};

/// A parsed document, and what validation said of it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) document: ExecutableDocument,
    validated: OnceLock<ValidationResult>,
}

impl Prepared {
    pub(crate) fn new(document: ExecutableDocument) -> Self {
        Self { document, validated: OnceLock::new() }
    }
}

/// Answers validation from the prepared document of the request, when it has been validated before.
pub(crate) struct ReuseValidation;

impl ExtensionFactory for ReuseValidation {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Reuse)
    }
}

struct Reuse;

#[async_graphql::async_trait::async_trait]
impl Extension for Reuse {
    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let Some(prepared) = context.data_opt::<Arc<Prepared>>() else {
            return next.run(context).await;
        };
        if let Some(result) = prepared.validated.get() {
            return Ok(*result);
        }
        let result = next.run(context).await?;
        Ok(*prepared.validated.get_or_init(|| result))
    }
}
