//! Values to the JSON that the API server reads.

use hld_diag::Span;
use hld_yaml::{self as yaml, Data};

/// Appends `value` as compact JSON; numbers as Go's encoding/json writes what it can read back as
/// an integer.
///
/// # Errors
/// The place of a number that JSON has no word for.
pub(super) fn write(out: &mut String, value: &yaml::Value) -> Result<(), Span> {
    match &value.data {
        Data::Null => out.push_str("null"),
        Data::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Data::Int(number) => out.push_str(&number.to_string()),
        Data::Uint(number) => out.push_str(&number.to_string()),
        Data::Float(number) => out.push_str(&float(*number).ok_or(value.span)?),
        Data::String(text) => string(out, text),
        Data::Seq(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, item)?;
            }
            out.push(']');
        }
        Data::Map(map) => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                string(out, key);
                out.push(':');
                write(out, value)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn string(out: &mut String, text: &str) {
    out.push_str(&serde_json::to_string(text).expect("text is JSON"));
}

/// Without a fraction where there is none: `1.0` is an integer to Kubernetes.
fn float(number: f64) -> Option<String> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_finite() {
        return None;
    }
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(format!("{number:.0}"));
    }
    serde_json::to_string(&number).ok()
}

#[cfg(test)]
mod tests {
    use hld_diag::FileId;

    use super::*;

    fn check(text: &str, expected: &str) {
        let read = yaml::read(text, FileId::NONE, &yaml::ReadOptions::default()).unwrap();
        let mut out = String::new();
        write(&mut out, &read.documents[0]).unwrap();
        assert_eq!(out, expected);
    }

    #[test]
    fn values_are_those_of_kubernetes() {
        check(
            "{a: 1.0, b: 1.5, c: 9007199254740993, d: 0777}",
            r#"{"a":1,"b":1.5,"c":9007199254740993,"d":511}"#,
        );
        check("[on, 'on', ~, 1e3, 18446744073709551615]", r#"[true,"on",null,1000,18446744073709551615]"#);
        check("a: \"tab\\t \\u2028 \\\"q\\\"\"", "{\"a\":\"tab\\t \u{2028} \\\"q\\\"\"}");
    }
}
