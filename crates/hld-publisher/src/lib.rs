//! Manifests to a commit in a manifest repository, without a work tree.
