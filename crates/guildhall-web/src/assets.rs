//! Files that the pages load, built into the binary, compressed.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Path, content type, bytes, whether gzip.
const ASSETS: &[(&str, &str, &[u8], bool)] = &[
    ("apps.css", CSS, include_bytes!("../assets/apps.css"), false),
    ("card.js", JAVASCRIPT, include_bytes!("../assets/card.js"), false),
    ("checkout.css", CSS, include_bytes!("../assets/checkout.css"), false),
    ("graphiql/graphiql.min.js", JAVASCRIPT, include_bytes!("../assets/graphiql/graphiql.min.js.gz"), true),
    ("graphiql/graphiql.min.css", CSS, include_bytes!("../assets/graphiql/graphiql.min.css.gz"), true),
    ("graphiql/react.min.js", JAVASCRIPT, include_bytes!("../assets/graphiql/react.min.js.gz"), true),
    ("graphiql/react-dom.min.js", JAVASCRIPT, include_bytes!("../assets/graphiql/react-dom.min.js.gz"), true),
    ("graphiql/start.js", JAVASCRIPT, include_bytes!("../assets/graphiql/start.js"), false),
    ("hall.css", CSS, include_bytes!("../assets/hall.css"), false),
    ("invoice.css", CSS, include_bytes!("../assets/invoice.css"), false),
    ("payment.css", CSS, include_bytes!("../assets/payment.css"), false),
    ("person.svg", SVG, include_bytes!("../assets/person.svg"), false),
];

/// Serves one of them.
pub(crate) async fn serve(Path(path): Path<String>) -> Response {
    let Some((_, content_type, bytes, gzip)) = ASSETS.iter().find(|(known, ..)| *known == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let common = [
        (CONTENT_TYPE, *content_type),
        (CACHE_CONTROL, "public, max-age=3600"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    if *gzip {
        (common, [(CONTENT_ENCODING, "gzip")], *bytes).into_response()
    } else {
        (common, *bytes).into_response()
    }
}
