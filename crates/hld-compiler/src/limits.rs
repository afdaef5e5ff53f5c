//! How much a compilation may cost.

/// Limits of one compilation; reaching one is a diagnostic that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a component file, a config file or `hld.yaml`.
    pub file_bytes: u64,
    /// Bytes of one manifest file of a static or template component.
    pub manifest_bytes: u64,
    /// Bytes that all manifests of one run may have together; what environments share counts once.
    pub output_bytes: u64,
    /// Components below each other.
    pub tree_depth: usize,
    /// Components of one environment.
    pub tree_nodes: usize,
    /// Steps of one template; the engine's own unit.
    pub template_fuel: u64,
    /// Bytes of one source that is fetched, packed or unpacked.
    pub source_bytes: u64,
    /// Files, folders and links of one source that is fetched.
    pub source_entries: usize,
    /// Seconds that fetching one source may take.
    pub source_seconds: u64,
    /// Bytes of one chart of a chart repository, packed or unpacked.
    pub chart_bytes: u64,
    /// Bytes of the index of a chart repository.
    pub index_bytes: u64,
}

impl Limits {
    /// Most that [`Limits::source_seconds`] can be, a year: clocks can not add everything to a moment.
    pub const MOST_SECONDS: u64 = 365 * 24 * 3600;
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            file_bytes: 3 << 20,
            manifest_bytes: 64 << 20,
            output_bytes: 128 << 20,
            tree_depth: 64,
            tree_nodes: 10_000,
            template_fuel: 20_000_000,
            source_bytes: 1 << 30,
            source_entries: 500_000,
            source_seconds: 600,
            chart_bytes: 100 << 20,
            index_bytes: 50 << 20,
        }
    }
}
