//! The client: where requests are built, sent and told apart.

use crate::{Error, Operation, answer};
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The `client` under which the published ids for servers were registered.
const PERSISTED_CLIENT: &str = "whop-sdk-ts-server";

/// What a client is made from.
#[derive(Clone)]
pub struct WhopApiOptions {
    /// The app's API key.
    pub app_api_key: String,
    /// The member to act for, `user_…`; none acts as the app's agent.
    pub on_behalf_of_user_id: Option<String>,
    /// The company to act in, `biz_…`.
    pub company_id: Option<String>,
    /// Scheme, host and port of the server, such as `https://guild.example`.
    pub api_origin: String,
    /// How operations are sent.
    pub body_form: BodyForm,
    /// How long one call may take. Putting a file's bytes is given ten times as long.
    pub timeout: Duration,
}

impl Default for WhopApiOptions {
    fn default() -> Self {
        Self {
            app_api_key: String::new(),
            on_behalf_of_user_id: None,
            company_id: None,
            api_origin: "http://127.0.0.1:8003".into(),
            body_form: BodyForm::default(),
            timeout: Duration::from_secs(30),
        }
    }
}

impl fmt::Debug for WhopApiOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WhopApiOptions")
            .field("on_behalf_of_user_id", &self.on_behalf_of_user_id)
            .field("company_id", &self.company_id)
            .field("api_origin", &self.api_origin)
            .field("body_form", &self.body_form)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// How an operation is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BodyForm {
    /// The whole document, which every GraphQL server understands.
    #[default]
    Document,
    /// The published id that stands for the document; the server must hold it.
    PersistedId,
}

/// A client for one server. Copies are cheap and share one pool of connections.
#[derive(Clone)]
pub struct WhopApi {
    shared: Arc<Shared>,
    on_behalf_of_user_id: Option<String>,
    company_id: Option<String>,
}

struct Shared {
    http: reqwest::Client,
    endpoint: Url,
    authorization: HeaderValue,
    body_form: BodyForm,
    timeout: Duration,
}

impl fmt::Debug for WhopApi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WhopApi")
            .field("endpoint", &self.shared.endpoint.as_str())
            .field("on_behalf_of_user_id", &self.on_behalf_of_user_id)
            .field("company_id", &self.company_id)
            .finish_non_exhaustive()
    }
}

impl WhopApi {
    /// Makes a client; nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Option`] when the key cannot stand in a header or the origin is no web address,
    /// [`Error::Network`] when TLS cannot be set up.
    pub fn new(options: WhopApiOptions) -> Result<Self, Error> {
        let mut authorization = header_value("app_api_key", &format!("Bearer {}", options.app_api_key))?;
        authorization.set_sensitive(true);
        let unusable = |reason: String| Error::Option { option: "api_origin", reason };
        let mut endpoint = Url::parse(&options.api_origin).map_err(|error| unusable(error.to_string()))?;
        endpoint
            .path_segments_mut()
            .map_err(|()| unusable("it has no host".into()))?
            .pop_if_empty()
            .push("public-graphql");
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let shared =
            Shared { http, endpoint, authorization, body_form: options.body_form, timeout: options.timeout };
        Ok(Self {
            shared: Arc::new(shared),
            on_behalf_of_user_id: options.on_behalf_of_user_id,
            company_id: options.company_id,
        })
    }

    /// The same client acting for a member, `user_…`.
    #[must_use]
    pub fn with_user(&self, user_id: impl Into<String>) -> Self {
        Self { on_behalf_of_user_id: Some(user_id.into()), ..self.clone() }
    }

    /// The same client acting in a company, `biz_…`.
    #[must_use]
    pub fn with_company(&self, company_id: impl Into<String>) -> Self {
        Self { company_id: Some(company_id.into()), ..self.clone() }
    }

    /// Runs an operation that has no method here, or one whose answer is wanted as it came.
    ///
    /// ```no_run
    /// # async fn run(api: guildhall_client::WhopApi) -> Result<(), guildhall_client::Error> {
    /// use guildhall_client::{Operation, OperationKind};
    ///
    /// let operation = Operation {
    ///     name: "viewerName",
    ///     kind: OperationKind::Query,
    ///     persisted_id: "",
    ///     document: "query viewerName { viewer { user { name } } }",
    /// };
    /// let data = api.request_raw(&operation, serde_json::json!({})).await?;
    /// println!("{}", data["viewer"]["user"]["name"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn request_raw(&self, operation: &Operation<'_>, variables: Value) -> Result<Value, Error> {
        self.request(operation, variables).await
    }

    /// Sends an operation and reads its data.
    pub(crate) async fn request<V: Serialize, R: DeserializeOwned>(
        &self,
        operation: &Operation<'_>,
        variables: V,
    ) -> Result<R, Error> {
        let request = Body::new(self.shared.body_form, operation, variables);
        let response = self
            .shared
            .http
            .post(self.url(operation))
            .headers(self.headers()?)
            .timeout(self.shared.timeout)
            .json(&request)
            .send()
            .await?;
        let status = response.status();
        let body = response.bytes().await?;
        if !status.is_success() {
            let body = String::from_utf8_lossy(&body).into_owned();
            return Err(Error::Http { status: status.as_u16(), body });
        }
        answer::read(&body)
    }

    /// Puts bytes where an upload said to, and answers the headers of a 2xx answer.
    pub(crate) async fn put(
        &self,
        url: &str,
        headers: HeaderMap,
        bytes: bytes::Bytes,
    ) -> Result<HeaderMap, Error> {
        let timeout = self.shared.timeout * 10;
        let request = self.shared.http.put(url).headers(headers).timeout(timeout).body(bytes);
        let response = request.send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.headers().clone());
        }
        Err(Error::Http { status: status.as_u16(), body: response.text().await? })
    }

    fn url(&self, operation: &Operation<'_>) -> Url {
        let mut url = self.shared.endpoint.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(operation.name);
        }
        if self.shared.body_form == BodyForm::PersistedId {
            url.query_pairs_mut()
                .append_pair("id", operation.persisted_id)
                .append_pair("client", PERSISTED_CLIENT)
                .append_pair("type", operation.kind.as_str());
        }
        url
    }

    fn headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, self.shared.authorization.clone());
        if let Some(user_id) = &self.on_behalf_of_user_id {
            let value = header_value("on_behalf_of_user_id", user_id)?;
            headers.insert(HeaderName::from_static("x-on-behalf-of"), value);
        }
        if let Some(company_id) = &self.company_id {
            headers.insert(HeaderName::from_static("x-company-id"), header_value("company_id", company_id)?);
        }
        Ok(headers)
    }
}

fn header_value(option: &'static str, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value)
        .map_err(|_| Error::Option { option, reason: "it cannot stand in a header".into() })
}

/// The body of a request, in either form.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Body<'a, V> {
    Document { query: &'a str, operation_name: &'a str, variables: V },
    PersistedId { operation_id: String, operation_type: &'a str, operation_name: &'a str, variables: V },
}

impl<'a, V> Body<'a, V> {
    fn new(form: BodyForm, operation: &Operation<'a>, variables: V) -> Self {
        let operation_name = operation.name;
        match form {
            BodyForm::Document => Self::Document { query: operation.document, operation_name, variables },
            BodyForm::PersistedId => Self::PersistedId {
                operation_id: format!("{PERSISTED_CLIENT}/{}", operation.persisted_id),
                operation_type: operation.kind.as_str(),
                operation_name,
                variables,
            },
        }
    }
}
