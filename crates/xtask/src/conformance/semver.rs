//! Which versions Masterminds/semver takes for a constraint.

use hld_semver::{Constraint, Version};
use serde_json::Value as Json;

use super::Case;

/// Compares the answers for a row's versions.
pub(crate) fn check(row: &Json) -> Case {
    let text = row["constraint"].as_str().unwrap_or_default();
    (format!("{text:?}"), compare(row, text))
}

fn compare(row: &Json, text: &str) -> Result<(), String> {
    let constraint = Constraint::parse(text);
    let is_valid = row["valid"].as_bool().unwrap_or_default();
    if constraint.is_ok() != is_valid {
        return Err(format!("valid: ours {}, theirs {is_valid}", constraint.is_ok()));
    }
    let Ok(constraint) = constraint else { return Ok(()) };
    let list = |key: &str| row[key].as_array().cloned().unwrap_or_default();
    for (version, theirs) in list("versions").iter().zip(list("satisfied")) {
        let ours = Version::parse(version.as_str().unwrap_or_default()).ok();
        let ours = ours.map(|version| constraint.allows(&version));
        if ours != theirs.as_bool() {
            return Err(format!("{version}: ours {ours:?}, theirs {theirs}"));
        }
    }
    Ok(())
}
