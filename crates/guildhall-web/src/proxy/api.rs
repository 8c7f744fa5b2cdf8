//! The server's own API on an app's origin, where browsers inside the app ask it as the person who looks.

use super::headers::{self, USER_TOKEN};
use super::{AtApp, Front, broken, origin};
use crate::error::plain_refusal;
use axum::extract::Request;
use axum::response::Response;
use guildhall_app::user_token;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, COOKIE, HeaderName,
};
use hyper::{StatusCode, Uri};

/// Asks the hall as the person whose cookie came along, or as nobody; whatever else the request says of who asks counts
/// for nothing.
pub(super) async fn ask(front: &Front, at: &AtApp, mut request: Request, address: Uri) -> Response {
    if !origin::may_speak(request.method(), request.headers(), &at.origin) {
        let sentence = "Only the app's own pages may ask here, with their `Origin`.";
        return plain_refusal(StatusCode::FORBIDDEN, "FORBIDDEN", sentence);
    }
    *request.uri_mut() = address;
    let head = request.headers_mut();
    headers::remove_a_proxys(head);
    for name in [AUTHORIZATION, COOKIE, HeaderName::from_static("x-on-behalf-of")] {
        head.remove(name);
    }
    if let Some(user) = &at.visit.user {
        match user_token::current(&front.hall, &at.visit.app, user).await {
            Ok(token) => headers::insert(request.headers_mut(), USER_TOKEN, &token),
            Err(error) => return broken(&error),
        }
    }
    let mut response = front.ask_hall(request).await;
    // What anyone may read on the hall's host is here said to one person.
    response.headers_mut().remove(ACCESS_CONTROL_ALLOW_ORIGIN);
    response.headers_mut().remove(ACCESS_CONTROL_ALLOW_CREDENTIALS);
    response
}

/// The address on the hall's host of what is the API on an app's: GraphQL has the same one there, the rest stands under
/// `/api`. `None` for what is not the API.
pub(super) fn hall_address(uri: &Uri) -> Option<Uri> {
    let target = uri.path_and_query()?.as_str();
    match target.strip_prefix("/_whop/api/") {
        Some(rest) => format!("/api/{rest}").parse().ok(),
        None if target.starts_with("/_whop/public-graphql") => target.parse().ok(),
        None => None,
    }
}
