//! Config as the values file of a chart.

use hld_diag::{CHART_VALUE, Diagnostic, FileId};
use hld_yaml::{self as yaml, Data, Dialect, ReadOptions, Value};

use crate::config::Config;

/// The text of the values file: the component's config as Fabrikate hands it over.
///
/// Fabrikate writes with its own YAML library, which leaves text unquoted that it reads as text
/// itself: `1e3` and `5.` reach helm as numbers. Here such text becomes that number at once.
pub(super) fn text(config: &Config) -> Result<String, Diagnostic> {
    let Some(values) = &config.values else { return Ok("{}\n".to_owned()) };
    let mut handed = yaml::Map::new();
    let mut path = Vec::new();
    for (key, span, value) in values.spanned() {
        path.push(key.to_owned());
        handed.insert(key, span, hand_over(value, &mut path)?);
        path.pop();
    }
    Ok(yaml::emit(&Value::new(handed)))
}

fn hand_over(value: &Value, path: &mut Vec<String>) -> Result<Value, Diagnostic> {
    let data = match &value.data {
        Data::String(text) => text_as_handed_over(text),
        Data::Float(number) if !number.is_finite() => return Err(not_a_value(value, path)),
        Data::Seq(items) => {
            let mut handed = Vec::with_capacity(items.len());
            for (at, item) in items.iter().enumerate() {
                path.push(format!("[{at}]"));
                handed.push(hand_over(item, path)?);
                path.pop();
            }
            Data::Seq(handed)
        }
        Data::Map(map) => {
            let mut handed = yaml::Map::new();
            for (key, span, value) in map.spanned() {
                path.push(key.to_owned());
                handed.insert(key, span, hand_over(value, path)?);
                path.pop();
            }
            Data::Map(handed)
        }
        data => data.clone(),
    };
    Ok(Value { data, span: value.span })
}

fn not_a_value(value: &Value, path: &[String]) -> Diagnostic {
    let message = format!(
        "`{}` is infinite or not a number, which no chart can take",
        path.join(".").replace(".[", "[")
    );
    Diagnostic::new(CHART_VALUE, value.span, message).hint("quote it if text is meant")
}

/// What text becomes on its way: a number, where Fabrikate reads text and helm a number.
fn text_as_handed_over(text: &str) -> Data {
    let stays = || Data::String(text.to_owned());
    let looks_like_number = |c: char| c.is_ascii_hexdigit() || "+-._xo".contains(c);
    if text.is_empty() || text.len() > 64 || !text.chars().all(looks_like_number) {
        return stays();
    }
    let read = |dialect| {
        let options = ReadOptions { dialect, ..ReadOptions::default() };
        yaml::read(text, FileId::NONE, &options)
            .ok()
            .and_then(yaml::Read::into_single)
            .map(|value| value.data)
    };
    match (read(Dialect::Fabrikate), read(Dialect::V2)) {
        (Some(Data::String(_)), Some(number @ (Data::Int(_) | Data::Uint(_) | Data::Float(_)))) => number,
        _ => stays(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_helm_reads_as_a_number_is_one() {
        assert_eq!(text_as_handed_over("1e3"), Data::Float(1000.0));
        assert_eq!(text_as_handed_over("5."), Data::Float(5.0));
        for text in ["", "a", "12:30", "1.2.3", "1.10", "0x1F", "y", "-"] {
            assert_eq!(text_as_handed_over(text), Data::String(text.to_owned()), "{text}");
        }
    }
}
