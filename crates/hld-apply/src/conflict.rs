//! Fields that belong to another manager (F57).

use serde_json::Value as Json;

use crate::rest::Cause;
use crate::{FIELD_MANAGER, Force};

/// Who sets the replicas of what an autoscaler scales.
const AUTOSCALER: &str = "kube-controller-manager";

/// What is to be done about a conflict.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send it again and take the fields; these ones are left out.
    Take {
        /// Pointers to what an autoscaler owns: `/spec/replicas`.
        left_out: Vec<String>,
    },
    /// It is a conflict: the reason names each field and its manager.
    Refuse(String),
}

/// Who owns a field, as a cause names it (apimachinery, managedfields/internal/conflict.go).
struct Owner<'c> {
    manager: &'c str,
    is_scale: bool,
    is_update: bool,
}

/// Decides about the fields of a conflict.
pub(crate) fn judge(causes: &[Cause], force: Force) -> Verdict {
    let mut left_out = Vec::new();
    let mut refused = Vec::new();
    for cause in causes.iter().filter(|cause| cause.reason == "FieldManagerConflict") {
        let owner = owner(&cause.message);
        if owner.manager == AUTOSCALER && owner.is_scale && is_plain(&cause.field) {
            left_out.push(cause.field.replace('.', "/"));
            continue;
        }
        let is_drift =
            owner.is_update || owner.manager.starts_with("kubectl") || owner.manager == FIELD_MANAGER;
        let is_taken = match force {
            Force::Always => true,
            Force::Drift => is_drift,
            Force::Never => false,
        };
        if !is_taken {
            refused.push(format!("`{}` belongs to `{}`", cause.field, owner.manager));
        }
    }
    match refused.is_empty() {
        true => Verdict::Take { left_out },
        false => Verdict::Refuse(format!("conflict: {}", refused.join(", "))),
    }
}

/// Leaves a field out of what is applied.
pub(crate) fn leave_out(object: &mut Json, pointer: &str) {
    let Some((parent, field)) = pointer.rsplit_once('/') else { return };
    if let Some(Json::Object(parent)) = object.pointer_mut(parent) {
        parent.shift_remove(field);
    }
}

/// `conflict with "kubectl-edit" with subresource "scale" using apps/v1 at 2026-01-01T00:00:00Z`.
fn owner(message: &str) -> Owner<'_> {
    let rest = message.strip_prefix("conflict with \"").unwrap_or(message);
    let (manager, rest) = rest.split_once('"').unwrap_or((rest, ""));
    Owner { manager, is_scale: rest.contains("subresource \"scale\""), is_update: rest.contains(" using ") }
}

fn is_plain(field: &str) -> bool {
    field.starts_with('.') && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(message: &str, field: &str) -> Cause {
        Cause {
            reason: "FieldManagerConflict".to_owned(),
            message: message.to_owned(),
            field: field.to_owned(),
        }
    }

    #[test]
    fn f57_conflicts_are_named_field_by_field() {
        let edit =
            cause("conflict with \"kubectl-edit\" using apps/v1 at 2026-01-01T00:00:00Z", ".spec.paused");
        let flux = cause("conflict with \"kustomize-controller\"", ".data.a");
        let scale = cause(
            "conflict with \"kube-controller-manager\" with subresource \"scale\" using apps/v1",
            ".spec.replicas",
        );
        let all = [edit.clone(), flux.clone(), scale.clone()];
        assert_eq!(
            judge(&all, Force::Drift),
            Verdict::Refuse("conflict: `.data.a` belongs to `kustomize-controller`".to_owned())
        );
        assert_eq!(
            judge(&[edit.clone(), flux], Force::Never),
            Verdict::Refuse(
                "conflict: `.spec.paused` belongs to `kubectl-edit`, `.data.a` belongs to `kustomize-controller`"
                    .to_owned()
            )
        );
        let left_out = vec!["/spec/replicas".to_owned()];
        assert_eq!(judge(&all, Force::Always), Verdict::Take { left_out: left_out.clone() });
        assert_eq!(judge(&[edit, scale], Force::Drift), Verdict::Take { left_out });
    }
}
