//! Bytes to text.

use std::borrow::Cow;

use hld_diag::{FileId, Span};

use crate::error::{Error, ErrorKind};

/// The text of `bytes`: UTF-8, or UTF-16 where a byte order mark says so, as libyaml reads it.
///
/// # Errors
/// The bytes are no text; the error's span begins at the offset of the first bad byte.
pub fn decode(bytes: &[u8], file: FileId) -> Result<Cow<'_, str>, Error> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => decode_utf16(rest, u16::from_le_bytes, file).map(Cow::Owned),
        [0xfe, 0xff, rest @ ..] => decode_utf16(rest, u16::from_be_bytes, file).map(Cow::Owned),
        _ => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
            let at = error.valid_up_to();
            refused(utf8_problem(&bytes[at..]), at, file)
        }),
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, file: FileId) -> Result<String, Error> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    // The byte order mark is two bytes before the first unit.
    let mut at = 2;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok(c) => {
                text.push(c);
                at += 2 * c.len_utf16();
            }
            Err(error) if error.unpaired_surrogate() >= 0xdc00 => {
                return Err(refused("unexpected low surrogate area", at, file));
            }
            Err(_) if at + 2 >= bytes.len() + 2 => {
                return Err(refused("incomplete UTF-16 surrogate pair", at, file));
            }
            Err(_) => return Err(refused("expected low surrogate area", at + 2, file)),
        }
    }
    if !rest.is_empty() {
        return Err(refused("incomplete UTF-16 character", at, file));
    }
    Ok(text)
}

/// libyaml's words for what is wrong at the start of `bytes`.
fn utf8_problem(bytes: &[u8]) -> &'static str {
    let width = match bytes.first() {
        Some(0xc0..0xe0) => 2,
        Some(0xe0..0xf0) => 3,
        Some(0xf0..0xf8) => 4,
        _ => return "invalid leading UTF-8 octet",
    };
    let Some(sequence) = bytes.get(..width) else { return "incomplete UTF-8 octet sequence" };
    if sequence[1..].iter().any(|byte| byte & 0xc0 != 0x80) {
        return "invalid trailing UTF-8 octet";
    }
    match sequence {
        [0xc0 | 0xc1, ..] | [0xe0, ..0xa0, ..] | [0xf0, ..0x90, ..] => "invalid length of a UTF-8 sequence",
        _ => "invalid Unicode character",
    }
}

fn refused(problem: &'static str, at: usize, file: FileId) -> Error {
    let mut error = Error::whole(ErrorKind::Encoding, problem, file);
    error.span = Span::new(file, at, at + 1);
    error
}
