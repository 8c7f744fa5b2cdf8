//! GraphQL over HTTP: from bytes to bytes.

use crate::caller::Caller;
use crate::coercion::InputTypes;
use crate::documents::Documents;
use crate::error;
use crate::operations::Operations;
use crate::reply::{Accepted, Outcome, Reply};
use crate::request::{Body, Request, What};
use crate::schema::{self, PublicSchema};
use crate::validation::Prepared;
use async_graphql::parser::types::OperationType;
use bytes::Bytes;
use guildhall_app::principal::{self, Credentials};
use guildhall_app::{Error, Guildhall, Principal};
use guildhall_core::media_type;
use http::{HeaderMap, Method, StatusCode, header};
use std::sync::Arc;

/// The GraphQL endpoint of one hall.
#[derive(Debug)]
pub struct Service {
    hall: Arc<Guildhall>,
    strict: Schema,
    lenient: Schema,
    documents: Documents,
    operations: Operations,
    inputs: InputTypes,
}

struct Schema(PublicSchema);

impl std::fmt::Debug for Schema {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Schema")
    }
}

impl Service {
    /// Puts the schema over a hall.
    #[must_use]
    pub fn new(hall: Arc<Guildhall>) -> Self {
        Self {
            hall,
            strict: Schema(schema::strict()),
            lenient: Schema(schema::lenient()),
            documents: Documents::default(),
            operations: Operations::load(),
            inputs: InputTypes::read(&schema::printed()),
        }
    }

    /// Answers one HTTP request whose body was read already.
    pub async fn answer(
        &self,
        method: &Method,
        headers: &HeaderMap,
        parameters: &str,
        body: &Bytes,
    ) -> http::Response<Bytes> {
        let accepted = Accepted::of(headers);
        let outcome = match self.read(method, headers, parameters, body) {
            Err(outcome) => outcome,
            Ok(requested) => match principal::resolve(&self.hall, Credentials::of(headers)).await {
                Err(error) => Outcome::One(refused(&error, accepted)),
                Ok(principal) => self.run(requested, &principal, *method == Method::GET).await,
            },
        };
        outcome.into_response(accepted)
    }

    fn read(
        &self,
        method: &Method,
        headers: &HeaderMap,
        parameters: &str,
        body: &Bytes,
    ) -> Result<Body, Outcome> {
        let refuse = |status, sentence: String| Outcome::One(Reply::malformed(status, sentence));
        match *method {
            Method::GET => Request::of_parameters(parameters)
                .map(Body::One)
                .map_err(|sentence| refuse(StatusCode::BAD_REQUEST, sentence)),
            Method::POST if is_json(headers) => {
                Body::read(body).map_err(|sentence| refuse(StatusCode::BAD_REQUEST, sentence))
            }
            Method::POST => Err(refuse(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send JSON, and say so: `Content-Type: application/json`.".into(),
            )),
            _ => Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "GraphQL is spoken by GET and POST.".into())),
        }
    }

    async fn run(&self, requested: Body, principal: &Principal, by_get: bool) -> Outcome {
        match requested {
            Body::One(request) => Outcome::One(self.run_one(request, principal, by_get).await),
            Body::Batch(requests) => {
                let mut replies = Vec::with_capacity(requests.len());
                for request in requests {
                    replies.push(self.run_one(request, principal, by_get).await);
                }
                Outcome::Batch(replies)
            }
        }
    }

    async fn run_one(&self, request: Request, principal: &Principal, by_get: bool) -> Reply {
        let is_persisted = matches!(request.what, What::Persisted(_));
        let (prepared, operation_name) = match self.prepare(request.what, request.operation_name) {
            Ok(prepared) => prepared,
            Err(reply) => return reply,
        };
        if let Some(operation) = prepared.select(operation_name.as_deref()) {
            if by_get && operation.ty != OperationType::Query {
                let sentence = "Only queries can be asked by GET.";
                return Reply::malformed(StatusCode::METHOD_NOT_ALLOWED, sentence.into());
            }
            if let Err(error) = prepared.check_fields(operation, principal) {
                return Reply::refused(error::code(&error), error.told());
            }
            if let Err(sentence) = self.inputs.check(operation, &request.variables) {
                return Reply::refused("INVALID_INPUT", sentence);
            }
        }
        let (document, operation_name) = prepared.to_run(operation_name);
        let mut run = async_graphql::Request::new(String::new()).variables(request.variables);
        run.operation_name = operation_name;
        run.set_parsed_query(document);
        let run = run.data(Caller { hall: Arc::clone(&self.hall), principal: principal.clone() });
        let response = match prepared.is_sound() {
            true => self.lenient.0.execute(run).await,
            false => self.strict.0.execute(run.data(prepared)).await,
        };
        Reply::ran(response, is_persisted)
    }

    fn prepare(&self, what: What, name: Option<String>) -> Result<(Arc<Prepared>, Option<String>), Reply> {
        match what {
            What::Document(text) => Ok((self.documents.prepare(&text)?, name)),
            What::Persisted(id) => match self.operations.find(&id) {
                None => {
                    let shown: String = id.chars().filter(|c| !c.is_control()).take(120).collect();
                    Err(Reply::refused(
                        "NOT_FOUND",
                        format!("Unknown operation id `{shown}`: no published client sends it."),
                    ))
                }
                Some(operation) => match &operation.document {
                    Some(prepared) => Ok((Arc::clone(prepared), Some(operation.name.clone()))),
                    None => {
                        let name = &operation.name;
                        Err(Reply::refused(
                            "NOT_IMPLEMENTED",
                            format!("`{name}` is not implemented yet (NOT_IMPLEMENTED)."),
                        ))
                    }
                },
            },
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type::essence(content_type);
    essence.eq_ignore_ascii_case("application/json")
        || essence.eq_ignore_ascii_case("application/graphql+json")
}

/// An answer to a caller that was not let in. A client that reads GraphQL reads the sentence, so only
/// an unknown credential and an unreadable header change the status for plain JSON.
fn refused(error: &Error, accepted: Accepted) -> Reply {
    let status = match (error, accepted) {
        (Error::Unauthenticated(_), _) => StatusCode::UNAUTHORIZED,
        (Error::Invalid(_), _) => StatusCode::BAD_REQUEST,
        (Error::Forbidden(_), Accepted::GraphQl) => StatusCode::FORBIDDEN,
        _ => StatusCode::OK,
    };
    Reply::refused(error::code(error), error.told()).with_status(status)
}
