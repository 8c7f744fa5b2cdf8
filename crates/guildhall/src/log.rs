//! The log: lines of text or of JSON, each with the request it belongs to.

use crate::config::{Config, LogFormat};
use guildhall_web::RequestName;
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Starts the log of a server on its standard error.
pub(crate) fn start(config: &Config) {
    start_with(&config.log, config.log_format);
}

/// Starts the log of a command that ends by itself: what broke, and nothing else.
pub(crate) fn start_for_command() {
    start_with("error", LogFormat::Text);
}

fn start_with(filter: &str, format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_new(filter).unwrap_or_default();
    let colourful = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colourful);
    let started = match format {
        LogFormat::Text => log.event_format(Lines::Text(Format::default().with_ansi(colourful))).try_init(),
        LogFormat::Json => log
            .fmt_fields(JsonFields::new())
            .event_format(Lines::Structured(Format::default().json()))
            .try_init(),
    };
    if let Err(error) = started {
        eprintln!("guildhall: the log is started already: {error}");
    }
}

/// How one line is written, with the request it belongs to: at the end of a text, at the beginning of an object.
enum Lines {
    Text(Format<Full>),
    Structured(Format<Json>),
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        match self {
            Self::Text(format) => format.format_event(context, Writer::new(&mut line), event)?,
            Self::Structured(format) => format.format_event(context, Writer::new(&mut line), event)?,
        }
        let Some(request) = RequestName::current() else {
            return writer.write_str(&line);
        };
        let (id, method, path) = (request.id(), request.method(), request.path());
        match self {
            Self::Text(_) => {
                writeln!(writer, "{} request_id={id} method={method} path={path:?}", line.trim_end())
            }
            Self::Structured(_) => {
                let request = serde_json::json!({"id": id, "method": method, "path": path});
                write!(writer, "{{\"request\":{request},{}", line.strip_prefix('{').unwrap_or(&line))
            }
        }
    }
}
