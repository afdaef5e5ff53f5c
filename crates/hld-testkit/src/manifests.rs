//! Manifests compared as what Kubernetes reads in them.
//!
//! Empty documents, comments and the order of keys do not count; the order of documents does.
//! Numbers are equal by value, as in JSON.

use hld_diag::FileId;
use hld_yaml::{Data, Limits, ReadOptions, Value};

/// Most bytes of one file of manifests.
const MOST_BYTES: usize = 256 << 20;

/// The first difference of what two files say.
#[must_use]
pub fn difference(ours: &[u8], expected: &[u8]) -> Option<String> {
    let (ours, expected) = match (documents(ours), documents(expected)) {
        (Ok(ours), Ok(expected)) => (ours, expected),
        (Err(error), _) => return Some(format!("ours can not be read: {error}")),
        (_, Err(error)) => return Some(format!("the expected one can not be read: {error}")),
    };
    let mut pairs = ours.iter().zip(&expected).enumerate();
    let differs =
        pairs.find_map(|(at, (ours, expected))| value_difference(&format!("document {at}"), ours, expected));
    differs.or_else(|| {
        let counts = (ours.len(), expected.len());
        (counts.0 != counts.1).then(|| format!("{} documents, but {} expected", counts.0, counts.1))
    })
}

/// The documents that hold something.
fn documents(text: &[u8]) -> Result<Vec<Value>, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let options = ReadOptions { limits: Limits::of_bytes(MOST_BYTES), ..ReadOptions::default() };
    let read = hld_yaml::read(text, FileId::NONE, &options).map_err(|error| error.to_string())?;
    Ok(read.documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// The first difference of two values, with the path of keys that leads to it.
fn value_difference(path: &str, ours: &Value, expected: &Value) -> Option<String> {
    match (&ours.data, &expected.data) {
        (Data::Map(a), Data::Map(b)) => {
            let missing = b
                .iter()
                .find(|(key, _)| !a.contains_key(key))
                .map(|(key, _)| format!("{path}.{key}: is missing"));
            let surplus = || {
                a.iter()
                    .find(|(key, _)| !b.contains_key(key))
                    .map(|(key, _)| format!("{path}.{key}: is too much"))
            };
            let inner = || {
                a.iter().find_map(|(key, ours)| value_difference(&format!("{path}.{key}"), ours, b.get(key)?))
            };
            missing.or_else(surplus).or_else(inner)
        }
        (Data::Seq(a), Data::Seq(b)) if a.len() == b.len() => {
            let mut pairs = a.iter().zip(b).enumerate();
            pairs
                .find_map(|(at, (ours, expected))| value_difference(&format!("{path}[{at}]"), ours, expected))
        }
        (a, b) if is_same_scalar(a, b) => None,
        _ => Some(format!("{path}\n  wrote  {}\n  should {}", shown(ours), shown(expected))),
    }
}

fn is_same_scalar(a: &Data, b: &Data) -> bool {
    match (number(a), number(b)) {
        (Some(_), Some(_)) if integer(a).is_some() && integer(b).is_some() => integer(a) == integer(b),
        (Some(a), Some(b)) => a == b || (a.is_nan() && b.is_nan()),
        _ => a == b,
    }
}

fn integer(data: &Data) -> Option<i128> {
    match data {
        Data::Int(value) => Some(i128::from(*value)),
        Data::Uint(value) => Some(i128::from(*value)),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "integers are compared as integers before")]
fn number(data: &Data) -> Option<f64> {
    match data {
        Data::Float(value) => Some(*value),
        data => integer(data).map(|value| value as f64),
    }
}

fn shown(value: &Value) -> String {
    match &value.data {
        Data::String(text) => format!("{text:?}"),
        _ => hld_yaml::emit(value).trim_end().replace('\n', "\n         "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ours: &str, expected: &str, differs: Option<&str>) {
        let found = difference(ours.as_bytes(), expected.as_bytes());
        assert_eq!(found.as_deref(), differs, "{ours:?} and {expected:?}");
    }

    #[test]
    fn what_kubernetes_reads_alike_is_alike() {
        check("a: 1\nb: x\n", "---\n# text\nb: 'x'\na: 1.0\n---\n", None);
        check("a: yes\n", "a: true\n", None);
        check("a: 'yes'\n", "a: true\n", Some("document 0.a\n  wrote  \"yes\"\n  should true"));
        check("a: 1\n", "{}\n", Some("document 0.a: is too much"));
        check("a: 1\n---\nb: 1\n", "b: 1\n---\na: 1\n", Some("document 0.b: is missing"));
        check("a: 1\n", "a: 1\n---\nb: 1\n", Some("1 documents, but 2 expected"));
        check("a: [1, 2]\n", "a: [1, 3]\n", Some("document 0.a[1]\n  wrote  2\n  should 3"));
    }
}
