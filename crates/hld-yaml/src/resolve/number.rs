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
    match special(float) {
        Some(name) => out.push_str(name),
        None => Digits::of(float).push_general(out),
    }
}

/// The same in 32 bit precision: sigs.k8s.io/yaml makes keys of floats so.
pub(crate) fn format_float32(float: f64, out: &mut String) {
    let short = float as f32;
    match special(f64::from(short)) {
        Some(name) => out.push_str(name),
        None => Digits::parse(&format!("{short:e}")).push_general(out),
    }
}

/// A float as Go's JSON writes it where it uses no exponent.
pub(crate) fn format_plain(float: f64, out: &mut String) {
    Digits::of(float).push_plain(out);
}

fn special(float: f64) -> Option<&'static str> {
    match float {
        _ if float.is_nan() => Some(".nan"),
        f64::INFINITY => Some(".inf"),
        f64::NEG_INFINITY => Some("-.inf"),
        _ => None,
    }
}

/// The shortest digits that mean a float: `d.ddd * 10^exponent`.
struct Digits {
    negative: bool,
    digits: String,
    exponent: i32,
}

impl Digits {
    fn of(float: f64) -> Self {
        let shortest = Digits::parse(&format!("{float:e}"));
        if shortest.digits.len() < 15 {
            return shortest;
        }
        // Of two shortest that are equally near, Go takes the even one, as exact rounding does.
        let exact = format!("{float:.*e}", shortest.digits.len() - 1);
        if exact.parse() == Ok(float) { Digits::parse(&exact) } else { shortest }
    }

    /// The parts of Rust's `d.ddde±x`.
    fn parse(scientific: &str) -> Self {
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        Digits {
            negative: mantissa.starts_with('-'),
            digits: digits.trim_end_matches('0').to_owned() + if digits.starts_with('0') { "0" } else { "" },
            exponent: exponent.parse().unwrap_or(0),
        }
    }

    /// With an exponent where it is below -4 or above 5.
    fn push_general(&self, out: &mut String) {
        if (-4..6).contains(&self.exponent) {
            return self.push_plain(out);
        }
        let (first, rest) = self.digits.split_at(1);
        self.push_sign(out);
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        out.push_str(if self.exponent < 0 { "e-" } else { "e+" });
        out.push_str(&format!("{:02}", self.exponent.abs()));
    }

    fn push_sign(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
    }

    fn push_plain(&self, out: &mut String) {
        self.push_sign(out);
        let whole = usize::try_from(self.exponent + 1).unwrap_or(0);
        if whole == 0 {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', self.exponent.unsigned_abs() as usize - 1));
            out.push_str(&self.digits);
        } else if self.digits.len() <= whole {
            out.push_str(&self.digits);
            out.extend(std::iter::repeat_n('0', whole - self.digits.len()));
        } else {
            out.push_str(&self.digits[..whole]);
            out.push('.');
            out.push_str(&self.digits[whole..]);
        }
    }
}
