//! Git as the rest of hld needs it: fetch, read trees, commit without a work tree, push.
