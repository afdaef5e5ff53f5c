//! What a text may ask of its reader.

/// The bounds of one reading. Reaching one is an error that names it, its value and, where it is
/// known, the value seen.
///
/// The default is meant for files that people write: a component, a config, a chart's values.
/// Whoever reads streams of manifests passes larger numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text. Texts of 4 GiB or more are refused whatever this says.
    pub bytes: usize,
    /// Collections within collections, aliases followed. Cut to [`Limits::MAX_DEPTH`].
    pub depth: usize,
    /// Nodes of the whole text: scalars, lists, mappings and aliases, after aliases are expanded.
    pub nodes: usize,
    /// Bytes of one key.
    pub key_bytes: usize,
    /// Bytes of text that aliases may add to what is written.
    pub expanded_bytes: usize,
}

impl Limits {
    /// The deepest nesting that may be asked for: values are dropped, compared and cloned by
    /// recursion, which must fit in a thread's stack of 1 MiB.
    pub const MAX_DEPTH: usize = 256;

    /// Bounds for streams of manifests: `bytes` of text, a node for every byte at most.
    #[must_use]
    pub fn of_bytes(bytes: usize) -> Self {
        Limits { bytes, nodes: bytes.max(1_000_000), ..Limits::default() }
    }

    /// The depth that holds.
    pub(crate) fn max_depth(&self) -> usize {
        self.depth.min(Self::MAX_DEPTH)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 3 << 20, depth: 128, nodes: 1_000_000, key_bytes: 64 << 10, expanded_bytes: 16 << 20 }
    }
}
