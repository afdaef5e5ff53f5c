//! Markdown for places that take only so much: what is left out is counted and named.

use super::code::longest_run;
use super::code_span;

/// How much may be written.
#[derive(Clone, Copy, Debug)]
pub struct Budget<'a> {
    /// Most bytes, of which there are never fewer than characters. Below 4,000 there is room for
    /// little but the counts.
    pub bytes: usize,
    /// Where the whole is, as Markdown: `the artifact`, `the log of the job`.
    pub whole: &'a str,
}

/// Something with a heading and lines: it may be cut behind any line, and be left out.
pub(super) struct Block {
    /// Markdown.
    pub(super) heading: String,
    /// What it is called when it is left out.
    pub(super) name: String,
    /// Escaped lines of `diff`, each with its sign and without its line break.
    pub(super) lines: Vec<String>,
    /// How many of its lines are shortened.
    pub(super) n_shortened: usize,
}

/// What of a block is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// So many of its lines.
    pub(super) n_lines: usize,
    /// Whether it is named at all.
    pub(super) is_shown: bool,
}

/// Longest line, in bytes.
const LONGEST_LINE: usize = 1_000;

/// What a block takes beside heading and lines: fences, blank lines, the note on what is missing.
const FRAME: usize = 120;

/// Less than this of a block says nothing.
const LEAST: usize = 400;

/// Longest name of an object that is told when it is left out.
const LONGEST_NAME: usize = 120;

impl Block {
    /// Shortens lines that are too long; says so in them.
    pub(super) fn shorten(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.len() > LONGEST_LINE) {
            self.n_shortened += 1;
            let end = line.floor_char_boundary(LONGEST_LINE - 100);
            let n_left = line.len() - end;
            line.truncate(end);
            line.push_str(&format!(" … ({n_left} more bytes)"));
        }
    }

    fn size(&self) -> usize {
        self.frame() + self.lines.iter().map(|line| line.len() + 1).sum::<usize>()
    }

    /// What is around its lines. Fences are longer than any run of backticks.
    fn frame(&self) -> usize {
        let longest = self.lines.iter().map(|line| longest_run(line)).max().unwrap_or_default();
        self.heading.len() + FRAME + 2 * longest
    }
}

/// Shares `room` bytes among blocks: each gets the same at most, what one does not need goes to the
/// others. If that is too little for all, the first ones are shown.
pub(super) fn share(blocks: &[Block], room: usize) -> Vec<Cut> {
    let sizes: Vec<usize> = blocks.iter().map(Block::size).collect();
    let most = level(&sizes, room).max(LEAST);
    let mut left = room;
    let mut cuts = Vec::with_capacity(blocks.len());
    for (block, size) in blocks.iter().zip(sizes) {
        let given = size.min(most).min(left);
        let cut = cut(block, given);
        if cut.is_shown {
            left -= given;
        }
        cuts.push(cut);
    }
    cuts
}

/// The highest size with which all fit if none gets more.
fn level(sizes: &[usize], room: usize) -> usize {
    let mut sorted = sizes.to_vec();
    sorted.sort_unstable();
    let mut left = room;
    for (at, size) in sorted.iter().enumerate() {
        let n_larger = sorted.len() - at;
        if size * n_larger > left {
            return left / n_larger;
        }
        left -= size;
    }
    usize::MAX
}

fn cut(block: &Block, given: usize) -> Cut {
    let frame = block.frame();
    if given < frame {
        return Cut { n_lines: 0, is_shown: false };
    }
    let mut left = given - frame;
    let fits = |line: &&String| {
        let does = line.len() < left;
        left = left.saturating_sub(line.len() + 1);
        does
    };
    Cut { n_lines: block.lines.iter().take_while(fits).count(), is_shown: true }
}

/// Whether everything is shown.
pub(super) fn is_whole(blocks: &[Block], cuts: &[Cut]) -> bool {
    let mut pairs = blocks.iter().zip(cuts);
    pairs.all(|(block, cut)| cut.is_shown && block.n_shortened == 0 && cut.n_lines == block.lines.len())
}

/// Says what is left out, in at most about `room` bytes.
pub(super) fn left_out(blocks: &[Block], cuts: &[Cut], (whole, room): (&str, usize)) -> String {
    let pairs = || blocks.iter().zip(cuts);
    let n_lines: usize = pairs().map(|(block, cut)| block.lines.len() - cut.n_lines).sum();
    let hidden: Vec<&Block> = pairs().filter(|(_, cut)| !cut.is_shown).map(|(block, _)| block).collect();
    let n_cut = pairs().filter(|(block, cut)| cut.is_shown && cut.n_lines < block.lines.len()).count();
    let mut parts = Vec::new();
    if n_lines > 0 {
        let of = format!(" of {}", plural(n_cut, "object that is cut short", "objects that are cut short"));
        let of = if n_cut > 0 && hidden.is_empty() { of } else { String::new() };
        parts.push(format!("{}{of}", super::plural(n_lines, "line")));
    }
    let n_shortened: usize = blocks.iter().map(|block| block.n_shortened).sum();
    if n_shortened > 0 {
        parts.push(format!("the ends of {}", super::plural(n_shortened, "long line")));
    }
    if !hidden.is_empty() {
        parts.push(format!("all of {}", super::plural(hidden.len(), "object")));
    }
    let mut said =
        format!("**Not all is shown here.** {whole} has the whole. Left out: {}", parts.join(", "));
    if !hidden.is_empty() {
        said.push_str(": ");
        said.push_str(&names(&hidden, room.saturating_sub(said.len() + 40)));
    }
    said.push_str(".\n");
    said
}

/// As many names as fit, and how many more there are.
fn names(blocks: &[&Block], room: usize) -> String {
    let mut said = String::new();
    for (at, block) in blocks.iter().enumerate() {
        let name = code_span(&block.name[..block.name.floor_char_boundary(LONGEST_NAME)]);
        let sign = if block.name.len() > LONGEST_NAME { "…" } else { "" };
        if said.len() + name.len() + sign.len() + 2 > room {
            let more = blocks.len() - at;
            let and = if at > 0 { " and " } else { "" };
            said.push_str(&format!("{and}{more} more"));
            break;
        }
        if at > 0 {
            said.push_str(", ");
        }
        said.push_str(&name);
        said.push_str(sign);
    }
    said
}

fn plural(n: usize, one: &str, several: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {several}") }
}
