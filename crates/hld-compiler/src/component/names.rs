//! Names of components: what can not be one, and what should not.

use std::collections::HashMap;

use hld_diag::{BAD_NAME, DUPLICATE_COMPONENT, Diagnostic, Diagnostics, ODD_NAME};
use unicode_normalization::UnicodeNormalization;

use super::{Component, Text};

/// Longest name in bytes: with `.yaml` behind it a file name of every system can hold it.
const LONGEST: usize = 240;

/// Names that Windows keeps for devices, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// Checks a component's name and that no two of its subcomponents share one.
pub(crate) fn check_names(component: &Component, out: &mut Diagnostics) {
    check_name(component, out);
    let mut seen: HashMap<String, &Text> = HashMap::new();
    for sub in &component.subcomponents {
        let folded: String = sub.name.value.nfc().collect::<String>().to_lowercase();
        match seen.get(&folded) {
            Some(first) => out.push(duplicate(first, sub)),
            None => {
                seen.insert(folded, &sub.name);
            }
        }
        check_names(sub, out);
    }
}

fn duplicate(first: &Text, second: &Component) -> Diagnostic {
    let name = &second.name.value;
    let message = if first.value == *name {
        format!("two subcomponents are named `{name}`")
    } else {
        format!("subcomponents `{}` and `{name}` differ only by letter case or spelling", first.value)
    };
    Diagnostic::new(DUPLICATE_COMPONENT, second.name.span_or(second.span), message)
        .label(first.span, "the first one")
        .hint("give one of them another name: config and output are found by name")
}

fn check_name(component: &Component, out: &mut Diagnostics) {
    let name = component.name.as_str();
    let span = component.name.span_or(component.span);
    if let Some(wrong) = name_problem(name) {
        let message = format!("`{name}` can not be the name of a component: {wrong}");
        let hint = "use lower-case letters, digits, `-` and `.`: the name becomes a file and a release";
        out.push(Diagnostic::new(BAD_NAME, span, message).hint(hint));
    } else if name.is_empty() {
        let message = "component has no name";
        out.push(
            Diagnostic::new(ODD_NAME, span, message).hint("add `name:`; its output is a file named `.yaml`"),
        );
    } else if !is_plain(name) {
        let message = format!("`{name}` is an unusual name for a component");
        let hint = "lower-case letters, digits, `-` and `.`, at most 63, work everywhere";
        out.push(Diagnostic::new(ODD_NAME, span, message).hint(hint));
    }
}

/// Why a name can not become a file below the output folder and a release; `None` if it can.
#[must_use]
pub fn name_problem(name: &str) -> Option<&'static str> {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered =
        |prefix| stem.strip_prefix(prefix).is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit());
    if name.contains(['/', '\\']) {
        Some("it has a path separator")
    } else if name == "." || name == ".." {
        Some("it means a folder")
    } else if name.chars().any(|c| c.is_control() || is_invisible(c)) {
        Some("it has a control character or an invisible one")
    } else if name.contains(':') {
        Some("it has a `:`, which names a drive or a stream on Windows")
    } else if name.ends_with(['.', ' ']) || name.starts_with(' ') {
        Some("it begins or ends with a space, or ends with a dot")
    } else if name.starts_with('-') {
        Some("it begins with `-`, as an option does")
    } else if name.len() > LONGEST {
        Some("it is longer than 240 bytes")
    } else if DEVICES.contains(&stem.as_str()) || numbered("com") || numbered("lpt") {
        Some("it is a device on Windows")
    } else {
        None
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffd}')
}

/// `[a-z0-9]([-a-z0-9.]*[a-z0-9])?`, at most 63 characters.
fn is_plain(name: &str) -> bool {
    let alphanumeric = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let bytes = name.as_bytes();
    let inner = bytes.iter().all(|&c| alphanumeric(c) || c == b'-' || c == b'.');
    let ends = [bytes.first(), bytes.last()].into_iter().flatten().all(|&c| alphanumeric(c));
    inner && ends && name.len() <= 63
}
