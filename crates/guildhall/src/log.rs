//! The log: lines of text or of JSON, each with the request it belongs to.

use crate::config::{Config, LogFormat};
use guildhall_web::RequestName;
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Full, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// Starts the log of this process on its standard error.
pub(crate) fn start(config: &Config) {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log).unwrap_or_default();
    let colourful = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colourful);
    let started = match config.log_format {
        LogFormat::Text => log.event_format(Text(Format::default().with_ansi(colourful))).try_init(),
        LogFormat::Json => {
            log.fmt_fields(JsonFields::new()).event_format(Structured(Format::default().json())).try_init()
        }
    };
    if let Err(error) = started {
        eprintln!("guildhall: the log is started already: {error}");
    }
}

/// A line of text that ends with the request.
struct Text(Format<Full>);

impl<S, N> FormatEvent<S, N> for Text
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
        let Some(request) = RequestName::current() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        writeln!(
            writer,
            "{} request_id={} method={} path={:?}",
            line.trim_end(),
            request.id(),
            request.method(),
            request.path()
        )
    }
}

/// A JSON object that begins with the request.
struct Structured(Format<Json>);

impl<S, N> FormatEvent<S, N> for Structured
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
        let Some(request) = RequestName::current() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let request = serde_json::json!({
            "id": request.id(),
            "method": request.method(),
            "path": request.path(),
        });
        write!(writer, "{{\"request\":{request},{}", line.strip_prefix('{').unwrap_or(&line))
    }
}
