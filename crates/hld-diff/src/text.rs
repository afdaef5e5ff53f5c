//! Texts of several lines.

use imara_diff::{Algorithm, Diff, InternedInput};

/// Lines that are shown around a change.
const CONTEXT: usize = 3;

/// Lines of a text that changed, with some around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The first of its lines in the old text, from 0.
    pub before: usize,
    /// The first of its lines in the new text, from 0.
    pub after: usize,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// One line of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which side has it.
    pub mark: Mark,
    /// The line with its line break, which the last line of a text may lack.
    pub text: String,
}

/// Which side has a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Both.
    Same,
    /// The first.
    Removed,
    /// The second.
    Added,
}

/// Whether the text has more than one line.
pub(crate) fn has_lines(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
}

/// The lines that differ.
pub(crate) fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    let input = InternedInput::new(before, after);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let mut hunks: Vec<Hunk> = Vec::new();
    // The old line behind the last change.
    let mut done = 0;
    for change in diff.hunks() {
        let (start, end) = (change.before.start as usize, change.before.end as usize);
        let (new_start, new_end) = (change.after.start as usize, change.after.end as usize);
        let is_near = !hunks.is_empty() && start - done <= 2 * CONTEXT;
        if !is_near {
            if let Some(last) = hunks.last_mut() {
                last.push(Mark::Same, &old[done..old.len().min(done + CONTEXT)]);
            }
            done = start - CONTEXT.min(start - done);
            hunks.push(Hunk { before: done, after: new_start - (start - done), lines: Vec::new() });
        }
        let hunk = hunks.last_mut().expect("one was just made if there was none");
        hunk.push(Mark::Same, &old[done..start]);
        hunk.push(Mark::Removed, &old[start..end]);
        hunk.push(Mark::Added, &new[new_start..new_end]);
        done = end;
    }
    if let Some(last) = hunks.last_mut() {
        last.push(Mark::Same, &old[done..old.len().min(done + CONTEXT)]);
    }
    hunks
}

impl Hunk {
    fn push(&mut self, mark: Mark, lines: &[&str]) {
        self.lines.extend(lines.iter().map(|line| Line { mark, text: (*line).to_owned() }));
    }

    /// How many of its lines the side has that `mark` names.
    pub(crate) fn count(&self, mark: Mark) -> usize {
        self.lines.iter().filter(|line| line.mark == Mark::Same || line.mark == mark).count()
    }
}
