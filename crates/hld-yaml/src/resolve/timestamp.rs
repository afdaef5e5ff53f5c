//! Times as go-yaml reads them: four layouts of Go's `time.Parse`.

use std::fmt::Write as _;

/// A point in time with the offset it was written in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timestamp {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    nanosecond: u32,
    /// Seconds east of UTC.
    offset: i32,
}

/// The time that `text` is, if it is one.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut rest = Rest(&text[5..]);
    let year = text[..4].parse().ok()?;
    let month = rest.number().filter(|month| (1..=12).contains(month))?;
    rest.literal('-')?;
    let day = rest.number()?;
    let mut time = Timestamp { year, month, day, hour: 0, minute: 0, second: 0, nanosecond: 0, offset: 0 };
    match rest.0.as_bytes().first() {
        None => {}
        Some(b'T' | b't') => {
            rest.0 = &rest.0[1..];
            rest.clock(&mut time)?;
            time.offset = rest.zone()?;
        }
        Some(b' ') => {
            rest.0 = rest.0.trim_start_matches(' ');
            rest.clock(&mut time)?;
        }
        Some(_) => return None,
    }
    (rest.0.is_empty() && (1..=days_in(month, year)).contains(&day)).then_some(time)
}

impl Timestamp {
    /// As Go's JSON writes it: RFC 3339 with the digits of the second that are needed.
    pub(crate) fn to_json(self) -> String {
        let mut out = format!("{:04}-{:02}-{:02}T", self.year, self.month, self.day);
        self.push_clock(&mut out);
        match self.offset {
            0 => out.push('Z'),
            _ => self.push_offset(":", &mut out),
        }
        out
    }

    /// As Go's fmt writes it: what becomes of a time as a key.
    pub(crate) fn to_key(self) -> String {
        let mut out = format!("{:04}-{:02}-{:02} ", self.year, self.month, self.day);
        self.push_clock(&mut out);
        out.push(' ');
        self.push_offset("", &mut out);
        out.push(' ');
        match self.offset {
            0 => out.push_str("UTC"),
            _ => self.push_offset("", &mut out),
        }
        out
    }

    fn push_clock(self, out: &mut String) {
        let _ = write!(out, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second);
        if self.nanosecond > 0 {
            let digits = format!(".{:09}", self.nanosecond);
            out.push_str(digits.trim_end_matches('0'));
        }
    }

    fn push_offset(self, colon: &str, out: &mut String) {
        let minutes = self.offset.abs() / 60;
        let sign = if self.offset < 0 { '-' } else { '+' };
        let _ = write!(out, "{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60);
    }
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// One or two digits.
    fn number(&mut self) -> Option<u32> {
        let len = self.0.bytes().take(2).take_while(u8::is_ascii_digit).count();
        let number = self.0[..len].parse().ok()?;
        self.0 = &self.0[len..];
        Some(number)
    }

    fn literal(&mut self, c: char) -> Option<()> {
        self.0 = self.0.strip_prefix(c)?;
        Some(())
    }

    /// Hour, minute, second and a fraction of any length.
    fn clock(&mut self, time: &mut Timestamp) -> Option<()> {
        time.hour = self.number().filter(|hour| *hour < 24)?;
        self.literal(':')?;
        time.minute = self.number().filter(|minute| *minute < 60)?;
        self.literal(':')?;
        time.second = self.number().filter(|second| *second < 60)?;
        if let Some(fraction) = self.0.strip_prefix(['.', ',']) {
            let len = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if len > 0 {
                time.nanosecond = format!("{:0<9}", &fraction[..len.min(9)]).parse().ok()?;
                self.0 = &fraction[len..];
            }
        }
        Some(())
    }

    /// `Z` or `+hh:mm`.
    fn zone(&mut self) -> Option<i32> {
        if self.0.starts_with('Z') {
            self.0 = &self.0[1..];
            return Some(0);
        }
        let bytes = self.0.as_bytes().get(..6)?;
        let sign = match bytes[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let two = |at: usize| -> Option<i32> {
            let digits = &bytes[at..at + 2];
            let value = || digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
            digits.iter().all(u8::is_ascii_digit).then(value)
        };
        let hours = two(1).filter(|hours| *hours <= 24)?;
        let minutes = two(4).filter(|minutes| *minutes <= 60 && bytes[3] == b':')?;
        self.0 = &self.0[6..];
        Some(sign * (hours * 3600 + minutes * 60))
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
