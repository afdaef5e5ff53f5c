//! Numbers as Go reads them.

use std::borrow::Cow;

use super::Resolved;
use crate::Dialect;

/// The number that `text` is. It begins with a digit or a sign.
pub(crate) fn resolve(text: &str, dialect: Dialect) -> Option<Resolved> {
    if let Some(int) = short_decimal(text.as_bytes()) {
        return Some(Resolved::Int(int));
    }
    let plain = without_underscores(text);
    if let Some(int) = int(&plain, 0) {
        return Some(Resolved::Int(int));
    }
    if let Some(uint) = uint(&plain, 0) {
        return Some(Resolved::Uint(uint));
    }
    if is_float(&plain, dialect) {
        return plain.parse().ok().filter(|float: &f64| float.is_finite()).map(Resolved::Float);
    }
    prefixed(&plain, "0b", "-0b", 2)
        .or_else(|| if dialect == Dialect::V3 { prefixed(&plain, "0o", "-0o", 8) } else { None })
}

/// Decimals without a sign, a leading zero or anything else: what most numbers are.
fn short_decimal(bytes: &[u8]) -> Option<i64> {
    if bytes.len() > 18 || (bytes[0] == b'0' && bytes.len() > 1) {
        return None;
    }
    bytes.iter().try_fold(0, |int, byte| byte.is_ascii_digit().then(|| int * 10 + i64::from(byte - b'0')))
}

fn without_underscores(text: &str) -> Cow<'_, str> {
    if text.contains('_') { text.replace('_', "").into() } else { text.into() }
}

/// `0b` and a number that may have a sign of its own, which go-yaml lets pass.
fn prefixed(plain: &str, positive: &str, negative: &str, radix: u32) -> Option<Resolved> {
    if let Some(digits) = plain.strip_prefix(positive) {
        return int(digits, radix).map(Resolved::Int).or_else(|| uint(digits, radix).map(Resolved::Uint));
    }
    let digits = plain.strip_prefix(negative)?;
    int(&format!("-{digits}"), radix).map(Resolved::Int)
}

/// strconv.ParseInt: radix 0 means by prefix.
fn int(text: &str, radix: u32) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = uint(digits, radix)?;
    match negative {
        true if magnitude == i64::MIN.unsigned_abs() => Some(i64::MIN),
        true => i64::try_from(magnitude).ok().map(|int| -int),
        false => i64::try_from(magnitude).ok(),
    }
}

/// strconv.ParseUint: radix 0 means by prefix.
fn uint(text: &str, radix: u32) -> Option<u64> {
    let (radix, digits) = match (radix, text.as_bytes()) {
        (0, [b'0', b'b' | b'B', _, ..]) => (2, &text[2..]),
        (0, [b'0', b'o' | b'O', _, ..]) => (8, &text[2..]),
        (0, [b'0', b'x' | b'X', _, ..]) => (16, &text[2..]),
        (0, b"0") => return Some(0),
        (0, [b'0', ..]) => (8, &text[1..]),
        (0, _) => (10, text),
        (radix, _) => (radix, text),
    };
    // Rust's own reading would allow one more sign.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// The pattern by which go-yaml knows decimal fractions. Fabrikate's older fork wants digits behind
/// the point and a sign in the exponent.
fn is_float(text: &str, dialect: Dialect) -> bool {
    let old = dialect == Dialect::Fabrikate;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let some_digits = |text: &str| !text.is_empty() && digits(text);
    let mantissa_fits = match fraction {
        None => some_digits(whole),
        Some(fraction) if old || whole.is_empty() => digits(whole) && some_digits(fraction),
        Some(fraction) => digits(whole) && digits(fraction),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let magnitude = exponent.strip_prefix(['+', '-']);
        some_digits(magnitude.unwrap_or(exponent)) && (magnitude.is_some() || !old)
    });
    mantissa_fits && exponent_fits
}

/// strconv.ParseFloat of a text that begins with a point.
pub(crate) fn float(text: &str) -> Option<f64> {
    if !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'_' | b'e' | b'E' | b'+' | b'-')) {
        return None;
    }
    if text.contains('_') && !underscores_fit(text) {
        return None;
    }
    without_underscores(text).parse().ok().filter(|float: &f64| float.is_finite())
}

/// Underscores stand between digits.
fn underscores_fit(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).filter(|at| bytes[*at] == b'_').all(|at| digit(at.checked_sub(1)) && digit(Some(at + 1)))
}

/// A float as strconv.FormatFloat(x, 'g', -1, 64) writes it, which is what go-yaml emits.
pub(crate) fn format_float(float: f64, out: &mut String) {
    format_digits(&format!("{float:e}"), float, out);
}

/// The same in 32 bit precision: sigs.k8s.io/yaml makes keys of floats so.
pub(crate) fn format_float32(float: f64, out: &mut String) {
    let short = float as f32;
    format_digits(&format!("{short:e}"), f64::from(short), out);
}

/// Turns Rust's shortest `d.ddde±x` into Go's form.
fn format_digits(scientific: &str, float: f64, out: &mut String) {
    use std::fmt::Write as _;

    if !float.is_finite() {
        out.push_str(if float.is_nan() {
            ".nan"
        } else if float > 0.0 {
            ".inf"
        } else {
            "-.inf"
        });
        return;
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    out.push_str(sign);
    if !(-4..6).contains(&exponent) {
        out.push_str(mantissa);
        let _ = write!(out, "e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    } else if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
        out.push_str(&digits);
    } else {
        let whole = exponent as usize + 1;
        if digits.len() <= whole {
            out.push_str(&digits);
            out.extend(std::iter::repeat_n('0', whole - digits.len()));
        } else {
            out.push_str(&digits[..whole]);
            out.push('.');
            out.push_str(&digits[whole..]);
        }
    }
}
