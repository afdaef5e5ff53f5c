//! Texts to objects: documents that differ, read.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use hld_diag::{BROKEN_MANIFEST, Diagnostic, Diagnostics, FileId, NOT_AN_OBJECT, Span};
use hld_k8s::{self as k8s, Content};
use hld_yaml::{self as yaml, Documents, ReadOptions};
use memchr::memmem;

use crate::Object;
use crate::compare::Options;
use crate::secret;

/// One text of a side: a stream of manifests.
#[derive(Clone, Copy, Debug)]
pub struct Input<'t> {
    /// The text.
    pub text: &'t str,
    /// Its name in spans.
    pub file: FileId,
}

/// Most levels of `kind: List` inside each other that are looked into.
const DEEPEST_LIST: usize = 8;

/// What a document begins with, and the line break in front of it.
const MARK: &[u8] = b"\n---";

/// A part of a text that holds whole documents, most often one.
#[derive(Clone, Copy)]
struct Part<'t> {
    text: &'t str,
    file: FileId,
    offset: usize,
}

/// The objects of both sides, without those in parts that stand on both sides.
pub(crate) fn objects(
    sides: [&[Input<'_>]; 2],
    options: &Options,
    said: &mut Diagnostics,
) -> [Vec<Object>; 2] {
    let [before, after] = sides.map(|inputs| inputs.iter().flat_map(parts).collect::<Vec<_>>());
    let differing = without_equal(before, after);
    differing.map(|parts| {
        let mut reader = Reader { options, said, objects: Vec::new() };
        parts.iter().for_each(|part| reader.read(part));
        reader.objects
    })
}

/// Cuts a text in front of its `---` lines. A text with directives, which belong to the document
/// behind the line, stays whole.
fn parts<'t>(input: &Input<'t>) -> Vec<Part<'t>> {
    let text = input.text;
    let mut starts = vec![0];
    if !text.starts_with('%') && memmem::find(text.as_bytes(), b"\n%").is_none() {
        let marks = memmem::find_iter(text.as_bytes(), MARK).filter(|at| {
            let next = text.as_bytes().get(at + MARK.len());
            next.is_none_or(|byte| b" \t\r\n".contains(byte))
        });
        starts.extend(marks.map(|at| at + 1));
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| part(input, *start, end)).collect()
}

/// A part without its `---` line, if there is nothing else in that line.
fn part<'t>(input: &Input<'t>, start: usize, end: usize) -> Part<'t> {
    let text = &input.text[start..end];
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    let is_mark = first.ends_with('\n') && first.trim_end() == "---";
    let skipped = if is_mark { first.len() } else { 0 };
    Part { text: &text[skipped..], file: input.file, offset: start + skipped }
}

/// Takes out, pair by pair, the parts that are the same bytes on both sides.
fn without_equal<'t>(mut before: Vec<Part<'t>>, mut after: Vec<Part<'t>>) -> [Vec<Part<'t>>; 2] {
    let mut unpaired: HashMap<&str, usize, RandomState> = HashMap::default();
    before.iter().for_each(|part| *unpaired.entry(part.text).or_default() += 1);
    let mut paired: HashMap<&str, usize, RandomState> = HashMap::default();
    after.retain(|part| {
        let is_paired = take_one(&mut unpaired, part.text);
        if is_paired {
            *paired.entry(part.text).or_default() += 1;
        }
        !is_paired
    });
    before.retain(|part| !take_one(&mut paired, part.text));
    [before, after]
}

fn take_one(counts: &mut HashMap<&str, usize, RandomState>, text: &str) -> bool {
    match counts.get_mut(text) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

struct Reader<'r> {
    options: &'r Options,
    said: &'r mut Diagnostics,
    objects: Vec<Object>,
}

impl Reader<'_> {
    fn read(&mut self, part: &Part<'_>) {
        let limits = self.options.limits.clone();
        let options = ReadOptions { limits, documents: Documents::All, ..ReadOptions::default() };
        match yaml::read(part.text, part.file, &options) {
            Ok(read) => read.documents.iter().for_each(|document| self.document(document, part, 0)),
            Err(error) => {
                let message = format!("manifest can not be read: {error}");
                let hint = error.hint.map(str::to_owned);
                let place = moved(error.span, part);
                self.said.push(Diagnostic::new(BROKEN_MANIFEST, place, message).hint_opt(hint));
            }
        }
    }

    /// Keeps the object that `value` is, or the objects of a list.
    fn document(&mut self, value: &yaml::Value, part: &Part<'_>, depth: usize) {
        let kind = value.get("kind").and_then(yaml::Value::as_str).unwrap_or_default();
        let items = value.get("items").and_then(yaml::Value::as_seq);
        if let Some(items) = items.filter(|_| kind.ends_with("List") && depth < DEEPEST_LIST) {
            items.iter().for_each(|item| self.document(item, part, depth + 1));
            return;
        }
        match k8s::identify(value) {
            Content::Objects(found) if found.len() == 1 => {
                let id = found.into_iter().next().expect("there is one").id;
                let content = secret::hide(value, &id, &self.options.key);
                self.objects.push(Object { id, content, span: moved(value.span, part) });
            }
            Content::Empty | Content::Other(k8s::NOTHING) => {}
            Content::Objects(_) => self.leave_out("its lists are too deep", value, part),
            Content::Incomplete(why) | Content::Other(why) => self.leave_out(why, value, part),
        }
    }

    fn leave_out(&mut self, why: &str, value: &yaml::Value, part: &Part<'_>) {
        let message = format!("document is no Kubernetes object and is not compared: {why}");
        self.said.push(Diagnostic::new(NOT_AN_OBJECT, moved(value.span, part), message));
    }
}

/// A span of a part as one of its text.
fn moved(span: Span, part: &Part<'_>) -> Span {
    Span::new(part.file, span.start as usize + part.offset, span.end as usize + part.offset)
}
