//! Diagnostics as JSON, for `--format json`.

use serde_json::{Value, json};

use crate::{Diagnostic, Label, SourceMap, Span, TracePoint};

/// One diagnostic as an object: `severity`, `code`, `message`, `path`, `line`, `column`, `hints`,
/// `labels` and `trace` (each with its own place). Places that no file has are left out.
#[must_use]
pub fn json(diagnostic: &Diagnostic, sources: &SourceMap) -> Value {
    let labels = diagnostic.labels.iter();
    let trace = diagnostic.trace.iter();
    let label = |Label { span, message }: &Label| placed(json!({ "message": message }), *span, sources);
    let step = |TracePoint { what, span }: &TracePoint| placed(json!({ "what": what }), *span, sources);
    let object = json!({
        "severity": diagnostic.severity.word(),
        "code": diagnostic.code.to_string(),
        "message": diagnostic.message,
        "hints": diagnostic.hints,
        "labels": labels.map(label).collect::<Vec<_>>(),
        "trace": trace.map(step).collect::<Vec<_>>(),
    });
    placed(object, diagnostic.span, sources)
}

/// Adds `path`, `line` and `column` where the span has them.
fn placed(mut object: Value, span: Span, sources: &SourceMap) -> Value {
    if let Some(at) = sources.locate(span) {
        object["path"] = Value::from(&*at.path);
        object["line"] = Value::from(at.line);
        object["column"] = Value::from(at.column);
    }
    object
}
