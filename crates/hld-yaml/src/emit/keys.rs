//! The order of keys: natural, as go-yaml sorts them (`a2` before `a10`).

use std::cmp::Ordering;

use crate::{Map, Value};

/// The entries of `map` in the order they are written.
pub(super) fn sorted(map: &Map) -> Vec<(&str, &Value)> {
    let mut entries: Vec<(&str, &Value)> = map.iter().collect();
    if !entries.is_sorted_by(|a, b| compare(a.0, b.0) == Ordering::Less) {
        merge_sort(&mut entries);
    }
    entries
}

/// Sorts by [`compare`]. The standard library's sort may panic where an order is not total, and
/// nobody has proved that this one is.
fn merge_sort(entries: &mut [(&str, &Value)]) {
    let middle = entries.len() / 2;
    if middle == 0 {
        return;
    }
    let (left, right) = entries.split_at_mut(middle);
    merge_sort(left);
    merge_sort(right);
    let (left, right) = (left.to_vec(), right.to_vec());
    let (mut l, mut r) = (left.into_iter().peekable(), right.into_iter().peekable());
    for entry in entries {
        let take_right = match (l.peek(), r.peek()) {
            (Some(a), Some(b)) => compare(b.0, a.0) == Ordering::Less,
            (None, _) => true,
            (_, None) => false,
        };
        if let Some(next) = if take_right { r.next() } else { l.next() } {
            *entry = next;
        }
    }
}

/// go-yaml's order of two strings: letters after everything else, runs of digits by their value.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    // Most keys of a mapping begin with different letters.
    if let (Some(first_a), Some(first_b)) = (a.as_bytes().first(), b.as_bytes().first())
        && first_a != first_b
        && first_a.is_ascii_alphabetic()
        && first_b.is_ascii_alphabetic()
    {
        return first_a.cmp(first_b);
    }
    let common = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let common = (0..=common).rev().find(|at| a.is_char_boundary(*at)).unwrap_or(0);
    let (rest_a, rest_b) = (&a[common..], &b[common..]);
    let (Some(first_a), Some(first_b)) = (rest_a.chars().next(), rest_b.chars().next()) else {
        return rest_a.len().cmp(&rest_b.len());
    };
    match (first_a.is_alphabetic(), first_b.is_alphabetic()) {
        (true, true) => return first_a.cmp(&first_b),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero counts only behind another digit: then both numbers go on from there.
    let zero = first_a == '0' || first_b == '0';
    let seed = i64::from(zero && ends_in_nonzero_digits(&a[..common]));
    let (number_a, len_a) = number(rest_a, seed);
    let (number_b, len_b) = number(rest_b, seed);
    number_a.cmp(&number_b).then(len_a.cmp(&len_b)).then(first_a.cmp(&first_b))
}

/// Whether `text` ends in digits that are not all zeros.
fn ends_in_nonzero_digits(text: &str) -> bool {
    text.bytes().rev().take_while(u8::is_ascii_digit).any(|digit| digit != b'0')
}

/// The value and length of the digits that `text` begins with, behind those of `seed`.
fn number(text: &str, seed: i64) -> (i64, usize) {
    let digits = text.bytes().take_while(u8::is_ascii_digit);
    digits.fold((seed, 0), |(value, len), digit| {
        (value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')), len + 1)
    })
}
