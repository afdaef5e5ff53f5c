//! Keeps values of Secrets out of what the API server says (B140, B141).

use std::collections::HashSet;

use hld_k8s::ResourceId;
use serde_json::Value as Json;

use crate::Desired;
use crate::error::{ApiErrorKind, Failure, shown};

/// As many bytes of a secret as may not be shown in a row.
const WINDOW: usize = 8;

/// Most bytes of a message that are looked through.
const MOST_BYTES: usize = 8 << 10;

/// What was said about an object, as it can be shown.
///
/// A message about a Secret is not told at all: fields are named, by paths of Kubernetes' own. Of
/// other messages everything is taken out that stands in a Secret of the commit.
pub(crate) fn told(failure: &Failure, id: &ResourceId, desired: &Desired) -> String {
    let message = match is_secret(id) {
        true => of_secret(failure),
        false => {
            let end = failure.message.floor_char_boundary(MOST_BYTES);
            without_secrets(&failure.message[..end], desired)
        }
    };
    shown(&message)
}

/// Whether an object of this id is a Secret: by kind, of whatever group.
pub(crate) fn is_secret(id: &ResourceId) -> bool {
    id.kind.eq_ignore_ascii_case("secret")
}

fn of_secret(failure: &Failure) -> String {
    let what = match failure.kind {
        // These are about the request, not about what is in it.
        ApiErrorKind::NoAnswer | ApiErrorKind::BadAnswer => return failure.message.clone(),
        ApiErrorKind::Forbidden => "forbidden",
        ApiErrorKind::Conflict => "conflict",
        ApiErrorKind::Invalid => "not valid",
        ApiErrorKind::NotFound | ApiErrorKind::NoKind => "not found",
        _ => "refused",
    };
    let is_path = |field: &&str| {
        field.len() <= 64
            && field.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '[' | ']'))
    };
    let fields: Vec<&str> = failure.causes.iter().map(|cause| cause.field.as_str()).filter(is_path).collect();
    let fields = if fields.is_empty() { String::new() } else { format!(" in {}", fields.join(", ")) };
    format!("{what}{fields} (what the server says about a Secret is not shown)")
}

/// The message with `***` for every stretch that stands in a Secret of the commit.
fn without_secrets(message: &str, desired: &Desired) -> String {
    let bytes = message.as_bytes();
    if bytes.len() < WINDOW {
        return message.to_owned();
    }
    let windows: HashSet<&[u8]> = bytes.windows(WINDOW).collect();
    let mut found: HashSet<&[u8]> = HashSet::new();
    for object in desired.objects().filter(|object| is_secret(&object.id)) {
        let Ok(object) = serde_json::from_str::<Json>(&object.json) else { continue };
        for value in values(&object) {
            found.extend(value.windows(WINDOW).filter_map(|window| windows.get(window)));
        }
    }
    if found.is_empty() {
        return message.to_owned();
    }
    let mut is_hidden = vec![false; bytes.len()];
    for (at, _) in bytes.windows(WINDOW).enumerate().filter(|(_, window)| found.contains(window)) {
        is_hidden[at..at + WINDOW].fill(true);
    }
    let mut out = String::new();
    for (at, c) in message.char_indices() {
        match (is_hidden[at], at > 0 && is_hidden[at - 1]) {
            (true, true) => {}
            (true, false) => out.push_str("***"),
            (false, _) => out.push(c),
        }
    }
    out
}

/// The values of a Secret: as written, and what they stand for.
fn values(secret: &Json) -> Vec<Vec<u8>> {
    let mut values = Vec::new();
    for field in ["data", "stringData"] {
        for value in secret[field].as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str()) {
            values.push(value.as_bytes().to_vec());
            if field == "data" {
                values.push(decoded(value));
            }
        }
    }
    values
}

/// What a text of base64 stands for, up to the first byte that is none.
fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut n_bits) = (0u32, 0);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\n' | b'\r' => continue,
            _ => break,
        };
        bits = bits << 6 | u32::from(six);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            out.push(u8::try_from(bits >> n_bits & 0xff).expect("it is one byte"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b140_nothing_of_a_secret_is_told() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: aHVudGVyMmh1bnRlcjI=}\nstringData: {b: correct-horse-battery}\n";
        let desired = Desired::parse([("s.yaml", secret)]).unwrap();
        let id = |kind: &str| ResourceId {
            group: String::new(),
            kind: kind.to_owned(),
            namespace: String::new(),
            name: "x".to_owned(),
        };
        let said = "invalid value \"hunter2hunter2\" and aHVudGVyMmh1bnRlcjI= and horse-battery\u{1b}[2J";
        let failure = Failure::new(ApiErrorKind::Invalid, said);
        assert_eq!(told(&failure, &id("Pod"), &desired), "invalid value \"***\" and *** and ***\\u{1b}[2J");
        assert_eq!(
            told(&failure, &id("Secret"), &desired),
            "not valid (what the server says about a Secret is not shown)"
        );
        let long = Failure::new(ApiErrorKind::Invalid, &"é".repeat(1 << 20));
        assert!(told(&long, &id("Pod"), &desired).len() <= 1024);
    }
}
