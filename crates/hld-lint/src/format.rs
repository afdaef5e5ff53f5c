//! Texts with a meaning: what the API server's decoders take.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::schema::Format;

/// What a text of this format is called, if `text` is none.
pub(crate) fn problem(format: Format, text: &str) -> Option<&'static str> {
    let (is_fine, name) = match format {
        Format::None | Format::Int32 | Format::Int64 => return None,
        Format::Byte => (is_base64(text), "base64"),
        Format::DateTime => (is_date_time(text), "a time as RFC 3339 writes it: `2006-01-02T15:04:05Z`"),
        Format::Ipv4 => (text.parse::<Ipv4Addr>().is_ok(), "an IPv4 address"),
        Format::Ipv6 => (text.parse::<Ipv6Addr>().is_ok(), "an IPv6 address"),
        Format::Uuid => (is_uuid(text), "a UUID"),
    };
    (!is_fine).then_some(name)
}

/// Go's `base64.StdEncoding`: line breaks do not count, padding does.
fn is_base64(text: &str) -> bool {
    let bytes: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let body = bytes.iter().take_while(|byte| **byte != b'=').count();
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    bytes.len().is_multiple_of(4)
        && bytes.len() - body <= 2
        && bytes[..body].iter().all(is_letter)
        && bytes[body..].iter().all(|byte| *byte == b'=')
}

/// Go's `time.RFC3339`.
fn is_date_time(text: &str) -> bool {
    let Some((date, clock)) = text.split_once('T') else { return false };
    let zone_at = clock.find(['Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone_at);
    let (clock, fraction) = clock.split_once(['.', ',']).map_or((clock, "0"), |(clock, rest)| (clock, rest));
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_date(date) && is_fraction && is_clock(clock, &[24, 60, 60]) && is_zone(zone)
}

fn is_zone(zone: &str) -> bool {
    zone == "Z" || zone.strip_prefix(['+', '-']).is_some_and(|zone| is_clock(zone, &[25, 60]))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let digits = |text: &str, n| if text.len() == n { number(text) } else { None };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2)) else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    (1..=12).contains(&month) && (1..=days).contains(&day)
}

/// Two digits each, joined by colons, each below its bound.
fn is_clock(text: &str, bounds: &[u32]) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let is_part = |(part, bound): (&&str, &u32)| part.len() == 2 && number(part).is_some_and(|n| n < *bound);
    parts.len() == bounds.len() && parts.iter().zip(bounds).all(is_part)
}

fn number(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Suffixes of quantities (apimachinery, `resource/suffix.go`).
const SUFFIXES: [&str; 16] =
    ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// Whether it is a quantity: `500m`, `1.5Gi`, `1e3` (apimachinery, `resource.ParseQuantity`).
pub(crate) fn is_quantity(text: &str) -> bool {
    let text = text.trim();
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, suffix) = text.split_at(end);
    let n_points = digits.bytes().filter(|byte| *byte == b'.').count();
    if n_points > 1 || digits.len() == n_points {
        return false;
    }
    let is_exponent = |rest: &str| {
        let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        !rest.is_empty() && rest.len() < 10 && rest.bytes().all(|byte| byte.is_ascii_digit())
    };
    SUFFIXES.contains(&suffix) || suffix.strip_prefix(['e', 'E']).is_some_and(is_exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: Format, fine: &[&str], wrong: &[&str]) {
        for text in fine {
            assert_eq!(problem(format, text), None, "{text:?}");
        }
        for text in wrong {
            assert!(problem(format, text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn base64_is_what_go_decodes() {
        check(
            Format::Byte,
            &["", "YQ==", "YWI=", "YWJj", "YW\nJj\n"],
            &["YQ", "YQ=", "a b=", "YWJ$", "====", "-_-_"],
        );
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        let fine = ["2024-02-29T23:59:59Z", "2006-01-02T15:04:05.123+07:00"];
        let wrong =
            ["", "2023-02-29T00:00:00Z", "2024-01-01", "2024-01-01 00:00:00Z", "2024-01-01T24:00:00Z"];
        check(Format::DateTime, &fine, &wrong);
    }

    #[test]
    fn quantities_have_the_suffixes_of_kubernetes() {
        for text in ["0", "1.5Gi", ".5", "5.", "500m", "-1", "1e3", "1E-3", "1E", " 1 "] {
            assert!(is_quantity(text), "{text:?}");
        }
        for text in ["", "1GB", "1 Gi", "Mi", ".", "1..5", "1e", "0x10", "1gi", "100mb", "1K"] {
            assert!(!is_quantity(text), "{text:?}");
        }
    }
}
