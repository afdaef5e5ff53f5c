//! What a scalar means: null, a truth value, a number, a time or text.

pub(crate) mod number;
pub(crate) mod timestamp;

use std::borrow::Cow;

use crate::Dialect;
use crate::fault::{Fault, Result};
use crate::scalar::Scalar;
use timestamp::Timestamp;

const NULL: &str = "tag:yaml.org,2002:null";
const BOOL: &str = "tag:yaml.org,2002:bool";
const INT: &str = "tag:yaml.org,2002:int";
const FLOAT: &str = "tag:yaml.org,2002:float";
const TIMESTAMP: &str = "tag:yaml.org,2002:timestamp";
const BINARY: &str = "tag:yaml.org,2002:binary";
const MERGE: &str = "tag:yaml.org,2002:merge";

/// What a scalar was found to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Timestamp(Timestamp),
    /// Text: the scalar's own.
    Text,
}

impl Resolved {
    /// The short tag, as Go's messages name it.
    fn short_tag(self) -> &'static str {
        match self {
            Resolved::Null => "!!null",
            Resolved::Bool(_) => "!!bool",
            Resolved::Int(_) | Resolved::Uint(_) => "!!int",
            Resolved::Float(_) => "!!float",
            Resolved::Timestamp(_) => "!!timestamp",
            Resolved::Text => "!!str",
        }
    }
}

/// What a plain scalar without a tag is.
#[inline]
pub(crate) fn plain(text: &str, dialect: Dialect) -> Resolved {
    let Some(first) = text.as_bytes().first() else { return Resolved::Null };
    match first {
        b'0'..=b'9' | b'+' | b'-' => number(text, dialect, true),
        b'.' => {
            word(text, dialect).unwrap_or_else(|| number::float(text).map_or(Resolved::Text, Resolved::Float))
        }
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' if text.len() <= 5 => {
            word(text, dialect).unwrap_or(Resolved::Text)
        }
        _ => Resolved::Text,
    }
}

/// A scalar that begins like a number.
fn number(text: &str, dialect: Dialect, timestamps: bool) -> Resolved {
    if let Some(found) = word(text, dialect) {
        return found;
    }
    let time = if timestamps { timestamp::parse(text) } else { None };
    time.map(Resolved::Timestamp).or_else(|| number::resolve(text, dialect)).unwrap_or(Resolved::Text)
}

/// The words that mean something.
fn word(text: &str, dialect: Dialect) -> Option<Resolved> {
    Some(match text {
        "true" | "True" | "TRUE" => Resolved::Bool(true),
        "false" | "False" | "FALSE" => Resolved::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect != Dialect::V3 => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect != Dialect::V3 => {
            Resolved::Bool(false)
        }
        _ => return None,
    })
}

/// What a scalar is, its tag considered, and its text if it is text.
pub(crate) fn scalar<'s>(
    scalar: &Scalar<'s>,
    tag: Option<&str>,
    dialect: Dialect,
    at: usize,
) -> Result<(Resolved, Cow<'s, str>)> {
    let text = scalar.text();
    let tag = match tag {
        Some("!") if dialect == Dialect::V3 => None,
        other => other,
    };
    let Some(tag) = tag else {
        let resolved = if scalar.is_plain() { plain(&text, dialect) } else { Resolved::Text };
        return Ok((resolved, text));
    };
    let tag = long_tag(tag);
    let resolved = match &*tag {
        BINARY => return binary(&text, at).map(|decoded| (Resolved::Text, decoded.into())),
        NULL | BOOL | INT | FLOAT | TIMESTAMP => tagged(&tag, &text, dialect),
        _ => Some(Resolved::Text),
    };
    let found = untagged(&tag, &text, dialect);
    let wrong = || {
        let short = tag.replacen("tag:yaml.org,2002:", "!!", 1);
        // Go prints the scalar here; it may be a secret.
        Fault::value(format!("cannot decode {} `...` as a {short}", found.short_tag()), at)
    };
    Ok((resolved.ok_or_else(wrong)?, text))
}

/// `!!int` in full. Whoever writes `!<!!int>` means the same.
fn long_tag(tag: &str) -> Cow<'_, str> {
    match tag.strip_prefix("!!") {
        Some(rest) => Cow::Owned(format!("tag:yaml.org,2002:{rest}")),
        None => Cow::Borrowed(tag),
    }
}

/// What the text is where only `tag` could make a time of it.
fn untagged(tag: &str, text: &str, dialect: Dialect) -> Resolved {
    match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'+' | b'-') => number(text, dialect, tag == TIMESTAMP),
        _ => plain(text, dialect),
    }
}

/// The text as its tag says, if it fits.
fn tagged(tag: &str, text: &str, dialect: Dialect) -> Option<Resolved> {
    match (tag, untagged(tag, text, dialect)) {
        (NULL, found @ Resolved::Null)
        | (BOOL, found @ Resolved::Bool(_))
        | (INT, found @ (Resolved::Int(_) | Resolved::Uint(_)))
        | (FLOAT, found @ Resolved::Float(_))
        | (TIMESTAMP, found @ Resolved::Timestamp(_)) => Some(found),
        (FLOAT, Resolved::Int(int)) => Some(Resolved::Float(int as f64)),
        _ => None,
    }
}

/// Whether a key is the one that merges other mappings into its own.
pub(crate) fn is_merge_key(scalar: &Scalar<'_>, tag: Option<&str>, dialect: Dialect) -> bool {
    if scalar.source() != "<<" {
        return false;
    }
    match tag.map(long_tag).as_deref() {
        None => scalar.is_plain(),
        Some("!") => scalar.is_plain() || dialect != Dialect::V3,
        Some(tag) => tag == MERGE,
    }
}

/// The text of `!!binary`. What is no UTF-8 becomes U+FFFD, as in Go's JSON.
fn binary(text: &str, at: usize) -> Result<String> {
    let bytes =
        decode_base64(text).ok_or_else(|| Fault::value("!!binary value contains invalid base64 data", at))?;
    Ok(lossy(&bytes))
}

/// Text of bytes, with one U+FFFD for each bad byte.
fn lossy(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

/// Padded standard base64; line breaks do not count.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(digits.len() / 4 * 3);
    for group in digits[..digits.len() - padding].chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = bits << 6 | base64_digit(*digit)?;
        }
        bits <<= 6 * (4 - group.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(out)
}

fn base64_digit(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}
