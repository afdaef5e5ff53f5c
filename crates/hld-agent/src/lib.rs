//! The agent: brings a manifest repository into a cluster, and keeps the cluster like it.
