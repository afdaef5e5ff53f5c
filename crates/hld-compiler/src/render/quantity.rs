//! Kubernetes quantities (`500m`, `2Gi`), calculated exactly.

use std::fmt;

/// An amount in thousandths, and the family of suffixes it is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    milli: i128,
    family: Family,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// `m`, none, `k`, `M`, `G`, `T`, `P`, `E`: powers of 1000.
    Decimal,
    /// `Ki`, `Mi`, `Gi`, `Ti`, `Pi`, `Ei`: powers of 1024.
    Binary,
}

const DECIMAL: [(&str, i128); 8] = [
    ("E", 1_000_000_000_000_000_000_000),
    ("P", 1_000_000_000_000_000_000),
    ("T", 1_000_000_000_000_000),
    ("G", 1_000_000_000_000),
    ("M", 1_000_000_000),
    ("k", 1_000_000),
    ("", 1000),
    ("m", 1),
];

const BINARY: [(&str, i128); 6] = [
    ("Ei", 1000 << 60),
    ("Pi", 1000 << 50),
    ("Ti", 1000 << 40),
    ("Gi", 1000 << 30),
    ("Mi", 1000 << 20),
    ("Ki", 1000 << 10),
];

impl Quantity {
    /// Reads a quantity; `None` where it is none, or finer than a thousandth.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let suffix = &text[digits.len()..];
        let binary =
            BINARY.iter().find(|(known, _)| *known == suffix).map(|(_, unit)| (*unit, Family::Binary));
        let decimal =
            DECIMAL.iter().find(|(known, _)| *known == suffix).map(|(_, unit)| (*unit, Family::Decimal));
        let (unit, family) = binary.or(decimal)?;
        Some(Quantity { milli: scaled(digits, unit)?, family })
    }

    /// The sum, written as the first of the two is.
    pub(super) fn plus(&self, other: &Quantity) -> Quantity {
        Quantity { milli: self.milli.saturating_add(other.milli), family: self.family }
    }

    /// The product, rounded up to the next thousandth; `None` where the factor is no finite number.
    pub(super) fn times(&self, factor: f64) -> Option<Quantity> {
        if !factor.is_finite() {
            return None;
        }
        // A factor is exact to six digits behind the point, which is more than anyone writes.
        let millionths = (factor * 1e6).round() as i128;
        let product = self.milli.checked_mul(millionths)?;
        let milli = product.div_euclid(1_000_000) + i128::from(product.rem_euclid(1_000_000) > 0);
        Some(Quantity { milli, ..*self })
    }
}

/// `digits * unit` in thousandths, for a decimal number with a sign and a point.
fn scaled(digits: &str, unit: i128) -> Option<i128> {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || whole.len() > 15 || fraction.len() > 12 {
        return None;
    }
    let number =
        |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u64>().ok().map(i128::from) };
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let parts = number(fraction)?.checked_mul(unit)?;
    if parts % scale != 0 {
        return None;
    }
    Some(sign * (number(whole)?.checked_mul(unit)? + parts / scale))
}

impl fmt::Display for Quantity {
    /// Canonical, as Kubernetes writes it: the largest suffix that leaves no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |unit: &i128| self.milli != 0 && self.milli % unit == 0;
        let binary = BINARY.iter().filter(|_| self.family == Family::Binary).find(|(_, unit)| fits(unit));
        let decimal =
            || DECIMAL.iter().filter(|(suffix, _)| self.family == Family::Decimal || suffix.len() < 2);
        let bytes = || DECIMAL[6..].iter().find(|(_, unit)| fits(unit));
        let found = match self.family {
            Family::Binary => binary.or_else(bytes),
            Family::Decimal => decimal().find(|(_, unit)| fits(unit)),
        };
        match found {
            Some((suffix, unit)) => write!(f, "{}{suffix}", self.milli / unit),
            None => f.write_str("0"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(a: &str, b: &str) -> String {
        Quantity::parse(a).unwrap().plus(&Quantity::parse(b).unwrap()).to_string()
    }

    #[test]
    fn sums_are_canonical() {
        assert_eq!(sum("500m", "1500m"), "2");
        assert_eq!(sum("512Mi", "0.5Gi"), "1Gi");
        assert_eq!(sum("1Gi", "1"), "1073741825");
        assert_eq!(sum("1k", "500"), "1500");
        assert_eq!(sum("-100m", "0.1"), "0");
    }

    #[test]
    fn products_round_up() {
        let product = |text: &str, factor| Quantity::parse(text).unwrap().times(factor).unwrap().to_string();
        assert_eq!(product("100m", 1.5), "150m");
        assert_eq!(product("1m", 0.5), "1m");
        assert_eq!(product("2Gi", 1.25), "2560Mi");
        assert_eq!(product("3", 2.0), "6");
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in ["", "x", "1Xi", "1e3", "--1", "1.2.3", ".", "99999999999999999999"] {
            assert_eq!(Quantity::parse(text), None, "{text:?}");
        }
    }
}
