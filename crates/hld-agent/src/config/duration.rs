//! Durations as Go's `time.ParseDuration` reads them: `5m`, `1m30s`, `1.5h`.

use std::time::Duration;

/// Units, longest spelling first where one begins another.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration.
///
/// # Errors
/// What is wrong with it. Negative ones are refused, and so is a number without a unit.
pub(super) fn parse(text: &str) -> Result<Duration, &'static str> {
    if text.starts_with('-') {
        return Err("a duration can not be negative");
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err("it is empty");
    }
    let mut nanos: u64 = 0;
    while !rest.is_empty() {
        let (part, behind) = step(rest)?;
        nanos = nanos.checked_add(part).ok_or(TOO_LONG)?;
        rest = behind;
    }
    Ok(Duration::from_nanos(nanos))
}

const TOO_LONG: &str = "it is longer than 292 years";

/// One number with its unit, in nanoseconds, and what stands behind it.
fn step(text: &str) -> Result<(u64, &str), &'static str> {
    let n_number =
        text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or("it has no unit, as in `30s`")?;
    let (number, rest) = text.split_at(n_number);
    let n_unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(n_unit);
    let (_, scale) =
        UNITS.iter().find(|(name, _)| *name == unit).ok_or("its unit is none of ns, us, ms, s, m, h")?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return Err("it is no number with a unit, as in `1m30s`");
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| TOO_LONG)? };
    let most = u64::try_from(i64::MAX).unwrap_or(u64::MAX);
    let nanos = whole.checked_mul(*scale).filter(|nanos| *nanos <= most).ok_or(TOO_LONG)?;
    let nanos = nanos.checked_add(fraction_of(fraction, *scale)).ok_or(TOO_LONG)?;
    Ok((nanos, rest))
}

/// The digits behind the point, as a part of `scale`.
fn fraction_of(digits: &str, scale: u64) -> u64 {
    let (mut sum, mut unit) = (0, scale);
    for digit in digits.bytes() {
        // What is lost is below a nanosecond for every digit that counts.
        let value = u64::from(digit - b'0');
        sum += value * unit / 10;
        unit /= 10;
    }
    sum
}

/// As a person writes it: `1m30s`.
#[must_use]
pub fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 {
        return format!("{}ms", duration.as_millis());
    }
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, millis) in [
            ("5m", 300_000),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            ("100ms", 100),
            (".5s", 500),
            ("1.s", 1_000),
            ("0", 0),
            ("+2s", 2_000),
            ("1h2m3.004s", 3_723_004),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn b139_absurd_durations_are_refused() {
        for text in [
            "",
            "5",
            "-5m",
            "5x",
            ".s",
            "1..5s",
            "m",
            "10000000000000h",
            "99999999999999999999s",
            "5 m",
            "\u{661}s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_as_they_are_written() {
        assert_eq!(show(Duration::from_secs(90)), "1m30s");
        assert_eq!(show(Duration::from_secs(3600)), "1h");
        assert_eq!(show(Duration::from_millis(20)), "20ms");
    }
}
