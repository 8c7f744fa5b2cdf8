//! Finds or makes a chat and sends a message to it, as the app's agent.
//!
//! Reads the variables that `demo.env` holds:
//! `set -a; . ./demo.env; cargo run -p guildhall-client --example send_message -- "Hello!"`

use guildhall_client::{
    CreateChatInput, FindOrCreateChatVariables, SendMessageToChatVariables, WhopApi, WhopApiOptions,
};
use std::env;
use std::error::Error;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let message = env::args().nth(1).unwrap_or_else(|| "Hello from Rust".into());
    let mut options = WhopApiOptions {
        app_api_key: env::var("WHOP_API_KEY")?,
        on_behalf_of_user_id: env::var("NEXT_PUBLIC_WHOP_AGENT_USER_ID").ok(),
        company_id: env::var("NEXT_PUBLIC_WHOP_COMPANY_ID").ok(),
        ..WhopApiOptions::default()
    };
    if let Ok(api_origin) = env::var("WHOP_API_ORIGIN") {
        options.api_origin = api_origin;
    }
    let api = WhopApi::new(options)?;

    let input = CreateChatInput { name: "Rust lobby".into(), ..CreateChatInput::default() };
    let response = api.find_or_create_chat(FindOrCreateChatVariables { input }).await?;
    let chat = response.create_chat.ok_or("the server made no chat")?;
    let variables = SendMessageToChatVariables {
        experience_id: chat.id,
        message,
        ..SendMessageToChatVariables::default()
    };
    let sent = api.send_message_to_chat(variables).await?;
    println!("sent {} to {}", sent.send_message.as_deref().unwrap_or("nothing"), chat.link);
    Ok(())
}
