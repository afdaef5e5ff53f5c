//! Filters of template components, beside minijinja's own.
//!
//! | filter | result |
//! |---|---|
//! | `toyaml` | the value as YAML, as Kubernetes' own tools write it, without a final newline |
//! | `tojson` | the value as JSON in one line |
//! | `fromyaml` | the value that a YAML text says |
//! | `quote` | the value as text in double quotes |
//! | `b64encode`, `b64decode` | base64 of the text's bytes, and back |
//! | `sha256` | hexadecimal digest of the text's bytes |
//! | `nindent(n)` | a newline, then every line indented by `n` spaces |
//! | `quantity_add(other)`, `quantity_mul(factor)` | a Kubernetes quantity, calculated |

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hld_diag::FileId;
use hld_yaml::{self as yaml, Data};
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value};
use sha2::{Digest, Sha256};

use super::quantity::Quantity;

/// Adds the filters to an engine.
pub(super) fn add(engine: &mut Environment<'static>) {
    engine.add_filter("toyaml", |value: Value| to_yaml(&value));
    engine.add_filter("tojson", |value: Value| to_json(&value));
    engine.add_filter("fromyaml", from_yaml);
    engine.add_filter("quote", |value: Value| to_json(&Value::from(value.to_string())));
    engine.add_filter("b64encode", |text: String| STANDARD.encode(text));
    engine.add_filter("b64decode", b64decode);
    engine.add_filter("sha256", |text: String| hex(&Sha256::digest(text)));
    engine.add_filter("indent", indent);
    engine.add_filter("nindent", |text: String, width: usize| format!("\n{}", indent_all(&text, width)));
    engine.add_filter("quantity_add", |a: Value, b: Value| {
        Ok::<_, Error>(quantity(&a)?.plus(&quantity(&b)?).to_string())
    });
    engine.add_filter("quantity_mul", quantity_mul);
}

/// A mapping of config as a value of the engine.
pub(super) fn map_to_jinja(map: &yaml::Map) -> Value {
    Value::from_pairs(map.iter().map(|(key, value)| (key, to_jinja(value))))
}

fn to_jinja(value: &yaml::Value) -> Value {
    match &value.data {
        Data::Null => Value::from(()),
        Data::Bool(value) => Value::from(*value),
        Data::Int(value) => Value::from(*value),
        Data::Uint(value) => Value::from(*value),
        Data::Float(value) => Value::from(*value),
        Data::String(text) => Value::from(text.as_str()),
        Data::Seq(items) => items.iter().map(to_jinja).collect(),
        Data::Map(map) => map_to_jinja(map),
    }
}

fn to_yaml(value: &Value) -> Result<String, Error> {
    let text = yaml::emit(&yaml_of(value, 0)?);
    Ok(text.trim_end_matches('\n').to_owned())
}

fn to_json(value: &Value) -> Result<String, Error> {
    let json = crate::json::from_yaml(&yaml_of(value, 0)?);
    serde_json::to_string(&json).map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
}

fn from_yaml(text: &str) -> Result<Value, Error> {
    let documents = yaml::read(text, FileId::NONE, &yaml::ReadOptions::default());
    let documents = documents.map_err(|error| invalid(format!("text is no YAML: {}", error.message)))?;
    Ok(documents.documents.first().map_or_else(|| Value::from(()), to_jinja))
}

/// A value of the engine as YAML; undefined and functions are none.
fn yaml_of(value: &Value, depth: usize) -> Result<yaml::Value, Error> {
    if depth > 100 {
        return Err(invalid("value is nested deeper than 100 levels".to_owned()));
    }
    let data = match value.kind() {
        ValueKind::None => Data::Null,
        ValueKind::Bool => Data::Bool(value.is_true()),
        ValueKind::Number => number(value),
        ValueKind::String => Data::String(value.to_string()),
        ValueKind::Seq | ValueKind::Iterable => {
            Data::Seq(value.try_iter()?.map(|item| yaml_of(&item, depth + 1)).collect::<Result<_, _>>()?)
        }
        ValueKind::Map => {
            let mut map = yaml::Map::new();
            for key in value.try_iter()? {
                let item = value.get_item(&key)?;
                map.insert(key.to_string(), hld_diag::Span::NONE, yaml_of(&item, depth + 1)?);
            }
            Data::Map(map)
        }
        kind => return Err(invalid(format!("{kind} can not be written"))),
    };
    Ok(yaml::Value { data, span: hld_diag::Span::NONE })
}

fn number(value: &Value) -> Data {
    if value.is_integer() {
        if let Ok(number) = i64::try_from(value.clone()) {
            return Data::Int(number);
        }
        if let Ok(number) = u64::try_from(value.clone()) {
            return Data::Uint(number);
        }
    }
    f64::try_from(value.clone()).map_or(Data::Null, Data::Float)
}

fn b64decode(text: &str) -> Result<String, Error> {
    let bytes = STANDARD.decode(text.trim()).map_err(|_| invalid("text is no base64".to_owned()))?;
    String::from_utf8(bytes).map_err(|_| invalid("decoded bytes are no UTF-8".to_owned()))
}

/// Every line but the first indented; empty lines stay empty.
#[expect(clippy::needless_pass_by_value, reason = "minijinja hands arguments over by value")]
fn indent(text: &str, width: usize, options: Kwargs) -> Result<String, Error> {
    let first: Option<bool> = options.get("first")?;
    options.assert_all_used()?;
    let indented = indent_all(text, width);
    if first == Some(true) || text.starts_with('\n') {
        return Ok(indented);
    }
    Ok(indented.strip_prefix(&" ".repeat(width)).unwrap_or(&indented).to_owned())
}

fn indent_all(text: &str, width: usize) -> String {
    let pad = " ".repeat(width.min(1000));
    let lines =
        text.split('\n').map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") });
    lines.collect::<Vec<_>>().join("\n")
}

fn quantity(value: &Value) -> Result<Quantity, Error> {
    let text = value.to_string();
    Quantity::parse(&text)
        .ok_or_else(|| invalid("not a Kubernetes quantity such as `500m` or `2Gi`".to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "minijinja hands arguments over by value")]
fn quantity_mul(value: Value, factor: f64) -> Result<String, Error> {
    let product = quantity(&value)?.times(factor);
    product.map(|product| product.to_string()).ok_or_else(|| invalid("product is no quantity".to_owned()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn invalid(detail: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, detail)
}
