//! A typed client for Guildhall and the API it speaks.
//!
//! One method for each operation, each taking that operation's variables and answering its data:
//!
//! ```no_run
//! use guildhall_client::{CreateChatInput, FindOrCreateChatVariables, WhopApi, WhopApiOptions};
//!
//! # async fn run() -> Result<(), guildhall_client::Error> {
//! let api = WhopApi::new(WhopApiOptions {
//!     app_api_key: "your app's key".into(),
//!     company_id: Some("biz_…".into()),
//!     ..WhopApiOptions::default()
//! })?;
//! let input = CreateChatInput { name: "Lobby".into(), ..CreateChatInput::default() };
//! let response = api.find_or_create_chat(FindOrCreateChatVariables { input }).await?;
//! if let Some(chat) = response.create_chat {
//!     println!("{} is at {}", chat.id, chat.link);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`WhopApi::with_user`] and [`WhopApi::with_company`] make cheap copies that act for somebody else.
//! [`verify_user_token`] tells who looks at an embedded app, [`WebhookValidator`] whether a webhook is
//! genuine. The types of the operations are generated from the documents that the server holds.

mod answer;
mod api;
mod big_int;
mod clock;
mod error;
mod generated;
mod operation;
mod string_enum;
mod typed_object;
mod upload;
mod user_token;
mod webhook;

pub use api::{BodyForm, WhopApi, WhopApiOptions};
pub use big_int::BigInt;
pub use error::{Error, GraphQlError};
pub use generated::*;
pub use operation::{Operation, OperationKind};
pub use upload::{AttachmentUpload, UploadedAttachment};
pub use user_token::{UserToken, UserTokenError, UserTokenOptions, verify_user_token, verify_user_token_at};
pub use webhook::{StandardWebhook, StandardWebhookHeaders, V5Webhook, WebhookError, WebhookValidator};
