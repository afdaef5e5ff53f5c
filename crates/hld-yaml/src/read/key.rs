//! Keys: what a mapping's keys become, for JSON knows only strings.

use std::borrow::Cow;

use crate::Dialect;
use crate::fault;
use crate::resolve::{self, Resolved, number};
use crate::scalar::Scalar;

/// A key as a string.
pub(crate) struct Key<'s> {
    pub(crate) text: Cow<'s, str>,
    /// The key was no string, and its source was another text.
    pub(crate) converted: bool,
}

/// Why a scalar can be no key; Go finds the two at different times.
pub(crate) enum Fault {
    /// It does not fit its tag.
    Tag(Box<fault::Fault>),
    /// It is of a kind that has no string.
    Kind(Box<fault::Fault>),
}

/// What Go makes of a key: Fabrikate takes its source text; sigs.k8s.io/yaml turns numbers and
/// truth values into strings and refuses null; go-yaml v3's values are written by Go's `fmt`.
pub(crate) fn key<'s>(
    scalar: &Scalar<'s>,
    tag: Option<&str>,
    dialect: Dialect,
    at: usize,
) -> Result<Key<'s>, Fault> {
    let (resolved, text) = resolve::scalar(scalar, tag, dialect, at).map_err(Fault::Tag)?;
    if let Resolved::Text = resolved {
        return Ok(Key { text, converted: false });
    }
    let text = match (dialect, resolved) {
        (Dialect::Fabrikate, Resolved::Null) => Cow::Borrowed(""),
        (Dialect::Fabrikate, _) => text,
        (Dialect::V2, resolved) => v2(resolved, text, at)?,
        (Dialect::V3, resolved) => v3(resolved).map_or(text, Cow::Owned),
    };
    Ok(Key { text, converted: true })
}

/// sigs.k8s.io/yaml's convertToJSONableObject.
fn v2(resolved: Resolved, text: Cow<'_, str>, at: usize) -> Result<Cow<'_, str>, Fault> {
    Ok(match resolved {
        Resolved::Null => {
            let problem = "unsupported map key of type: %!s(<nil>), key: <nil>";
            return Err(Fault::Kind(fault::Fault::value(problem, at)));
        }
        Resolved::Uint(_) => {
            let problem = "unsupported map key of type: uint64";
            return Err(Fault::Kind(fault::Fault::value(problem, at)));
        }
        Resolved::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        Resolved::Int(int) => int.to_string().into(),
        Resolved::Float(float) => {
            let mut out = String::new();
            number::format_float32(float, &mut out);
            out.into()
        }
        Resolved::Timestamp(_) | Resolved::Text => text,
    })
}

/// Go's `fmt.Sprint`.
fn v3(resolved: Resolved) -> Option<String> {
    Some(match resolved {
        Resolved::Null => "<nil>".to_owned(),
        Resolved::Bool(value) => value.to_string(),
        Resolved::Int(int) => int.to_string(),
        Resolved::Uint(int) => int.to_string(),
        Resolved::Float(float) if float.is_nan() => "NaN".to_owned(),
        Resolved::Float(float) if float.is_infinite() => if float > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
        Resolved::Float(float) => {
            let mut out = String::new();
            number::format_float(float, &mut out);
            out
        }
        Resolved::Timestamp(time) => time.to_key(),
        Resolved::Text => return None,
    })
}
