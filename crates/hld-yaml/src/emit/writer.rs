//! Lines and columns as libyaml's emitter counts them.

/// A text in the making.
pub(super) struct Writer<'o> {
    out: &'o mut String,
    /// In characters.
    pub(super) column: usize,
    /// The last character was a blank, or there is none.
    whitespace: bool,
    /// Only indentation and indicators are on this line.
    indention: bool,
}

/// Spaces to take indentation from.
const SPACES: &str = "                                                                ";

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut String) -> Self {
        Writer { out, column: 0, whitespace: true, indention: true }
    }

    /// Adds ASCII text without line breaks.
    #[inline]
    pub(super) fn ascii(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
    }

    /// Adds one character that is no line break.
    #[inline]
    pub(super) fn push(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    /// Adds a line break: LF, or LS and PS as they are.
    pub(super) fn line_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
    }

    /// Begins a line at `indent`, unless this one has nothing on it yet.
    #[inline]
    pub(super) fn new_line(&mut self, indent: i32) {
        let indent = usize::try_from(indent).unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.line_break('\n');
        }
        let mut missing = indent.saturating_sub(self.column);
        self.column += missing;
        while missing > 0 {
            let n = missing.min(SPACES.len());
            self.out.push_str(&SPACES[..n]);
            missing -= n;
        }
        self.whitespace = true;
        self.indention = true;
    }

    /// Ends the document.
    pub(super) fn end_line(&mut self) {
        self.new_line(0);
    }

    /// Whether only indentation and indicators are on this line.
    pub(super) fn is_indented(&self) -> bool {
        self.indention
    }

    /// Adds an indicator, set off by a space. `indents` says that it keeps a line's indentation.
    #[inline]
    pub(super) fn indicator(&mut self, indicator: &str, indents: bool) {
        self.space();
        self.ascii(indicator);
        self.indention &= indents;
        self.whitespace = false;
    }

    /// Adds an indicator right behind what is there.
    #[inline]
    pub(super) fn indicator_at_once(&mut self, indicator: &str) {
        self.ascii(indicator);
        self.whitespace = false;
        self.indention = false;
    }

    /// Adds a word that needs no quotes.
    #[inline]
    pub(super) fn word(&mut self, word: &str) {
        self.indicator(word, false);
    }

    /// Adds a space where the last character is none.
    #[inline]
    pub(super) fn space(&mut self) {
        if !self.whitespace {
            self.push(' ');
        }
    }

    /// A scalar is under way, or has ended.
    pub(super) fn in_scalar(&mut self) {
        self.whitespace = false;
        self.indention = false;
    }

    /// A line break within a scalar was written.
    pub(super) fn after_break(&mut self) {
        self.indention = true;
    }

    /// A character of a scalar was written.
    pub(super) fn after_text(&mut self) {
        self.indention = false;
    }

    /// The header of a block scalar was written, and its line break.
    pub(super) fn begin_lines(&mut self) {
        self.line_break('\n');
        self.indention = true;
        self.whitespace = true;
    }
}
