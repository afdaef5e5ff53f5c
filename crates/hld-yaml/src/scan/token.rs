//! Tokens: what the scanner hands to the parser.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    StreamStart,
    StreamEnd,
    /// `a` and `b` are the major and minor version.
    VersionDirective,
    /// `a` is the index of its handle and prefix among the scanner's tags.
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    /// `a` is the index of its handle and suffix among the scanner's tags.
    Tag,
    Scalar,
}

/// One token: two offsets and what its kind needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// A scalar's style and form.
    pub(crate) form: crate::scalar::Form,
    /// The offset of its first byte; one behind the end of the text for what follows the last line.
    pub(crate) start: u32,
    /// The offset behind its last byte.
    pub(crate) end: u32,
    /// A block scalar's offset of the first line; see [`Kind`] for the others.
    pub(crate) a: u32,
    /// A block scalar's indentation; see [`Kind`] for the others.
    pub(crate) b: u32,
}

impl Token {
    /// A token that has only a place.
    pub(crate) fn new(kind: Kind, start: usize, end: usize) -> Self {
        Token { kind, form: crate::scalar::Form::PLAIN, start: start as u32, end: end as u32, a: 0, b: 0 }
    }
}
