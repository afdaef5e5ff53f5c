//! Objects in a cluster: server-side apply, drift, inventory, pruning.
