//! The log: one event is one line, whatever text from outside is in it, and no line is longer than
//! 16 KiB.

use std::fmt::{self, Write as _};

use hld_diag::Untrusted;
use k8s_openapi::jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::config::LogFormat;

/// Most bytes of one line.
const LONGEST_LINE: usize = 16 * 1024;
/// Most bytes of one field: two of them, escaped six times as long, stay below a line.
const LONGEST_FIELD: usize = 1024;
/// Most fields of one event.
const MOST_FIELDS: usize = 16;

/// Sends the log to standard error. `HLD_LOG` filters it: `info` where it is not set.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("HLD_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    let builder = builder.with_writer(std::io::stderr).event_format(Line(format));
    builder.try_init().ok();
}

/// Writes an event as one line.
struct Line(LogFormat);

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = event.metadata().level().as_str();
        let line = line(self.0, (&Timestamp::now().to_string(), level), fields);
        out.write_str(&line)?;
        out.write_char('\n')
    }
}

/// The fields of an event, each cut to what a line can hold.
#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Json>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        write!(text, "{value:?}").ok();
        self.put(field, &text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.others.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.others.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.others.insert(field.name().to_owned(), value.into());
    }
}

impl Fields {
    fn put(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            cut(text, LONGEST_FIELD).clone_into(&mut self.message);
        } else if self.others.len() < MOST_FIELDS {
            self.others.insert(field.name().to_owned(), cut(text, LONGEST_FIELD).into());
        }
    }
}

/// The first bytes of a text, cut between characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

fn line(format: LogFormat, (time, level): (&str, &str), fields: Fields) -> String {
    let mut line = match format {
        LogFormat::Json => json(time, level, fields),
        LogFormat::Text => text(time, level, &fields),
    };
    if line.len() > LONGEST_LINE {
        // Escapes have made it longer than its fields may be: the fields go, the message stays.
        let message = format!("(an event of {} bytes)", line.len());
        let fields = Fields { message, others: Map::new() };
        line = if format == LogFormat::Json { json(time, level, fields) } else { text(time, level, &fields) };
    }
    line
}

fn json(time: &str, level: &str, fields: Fields) -> String {
    let mut all = Map::new();
    all.insert("time".into(), time.into());
    all.insert("level".into(), level.to_ascii_lowercase().into());
    all.insert("message".into(), Untrusted(&fields.message).line().into());
    for (name, value) in fields.others {
        let value = value.as_str().map(|text| Untrusted(text).line().into()).unwrap_or(value);
        all.entry(name).or_insert(value);
    }
    Json::Object(all).to_string()
}

fn text(time: &str, level: &str, fields: &Fields) -> String {
    let mut line = format!("{time} {level:5} {}", Untrusted(&fields.message).line());
    for (name, value) in &fields.others {
        // Quoted, so that a value can not pass for a field.
        let value = value.as_str().map(|text| Json::from(Untrusted(text).line())).unwrap_or(value.clone());
        write!(line, " {name}={value}").ok();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(message: &str, others: &[(&str, &str)]) -> Fields {
        let mut fields = Fields { message: cut(message, LONGEST_FIELD).to_owned(), others: Map::new() };
        for (name, value) in others {
            fields.others.insert((*name).to_owned(), cut(value, LONGEST_FIELD).into());
        }
        fields
    }

    fn check(message: &str, value: &str) {
        for format in [LogFormat::Json, LogFormat::Text] {
            let line = line(format, ("now", "ERROR"), fields(message, &[("error", value)]));
            assert!(line.len() <= LONGEST_LINE, "{} bytes", line.len());
            assert!(!line.contains(['\n', '\r', '\u{1b}', '\u{202e}']), "{line}");
            if format == LogFormat::Json {
                let parsed: Json = serde_json::from_str(&line).unwrap();
                assert_eq!(parsed["level"], "error", "{line}");
            }
        }
    }

    #[test]
    fn b162_an_event_is_one_line_that_nobody_can_forge() {
        check("sync failed\nlevel=info message=ok", "a\r\n{\"level\":\"info\"}");
        check("\",\"level\":\"info", "\u{1b}[2J\u{202e}");
        check(&"x".repeat(10_000_000), &"\u{1}".repeat(10_000_000));
    }

    #[test]
    fn b162_a_value_does_not_pass_for_a_field() {
        let line =
            line(LogFormat::Text, ("now", "INFO"), fields("done", &[("object", "a level=error \"x\"")]));
        assert_eq!(line, r#"now INFO  done object="a level=error \"x\"""#);
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("gr\u{fc}n", 3), "gr");
        assert_eq!(cut("abc", 9), "abc");
    }
}
