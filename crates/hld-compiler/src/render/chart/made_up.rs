//! Templates that make values up: random text, keys, the time.
//!
//! Such a chart differs from run to run, and what makes secrets must not be derived from the
//! repository. Until an engine of our own handles them, they are named with their line.

use std::sync::Arc;

use hld_diag::{CHART_MAKES_VALUES, Diagnostic};

use crate::path::SourcePath;
use crate::render::Generators;
use crate::session::Session;
use crate::source::EntryKind;
use crate::tree::Node;

/// Template functions whose result differs from run to run.
const FUNCTIONS: [&str; 16] = [
    "genCA",
    "genCAWithKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "genPrivateKey",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "uuidv4",
    "now",
    "shuffle",
];

/// More functions of the same kind, which salt what they are given.
const SALTED: [&str; 3] = ["bcrypt", "htpasswd", "encryptAES"];

/// Most places that one warning names.
const MOST_NAMED: usize = 6;

/// Most files of one chart that are looked at.
const MOST_FILES: usize = 5_000;

/// A function in a template.
#[derive(Clone, Debug)]
pub(in crate::render) struct Use {
    function: &'static str,
    path: String,
    line: usize,
}

/// A warning about the chart's templates that make values up, if there are any.
pub(super) fn warn(generators: &Generators<'_, '_>, node: &Node, chart: &SourcePath) -> Option<Diagnostic> {
    let uses = generators.made_up.get(chart.clone(), || Arc::new(find(generators.session, chart)));
    let mut functions: Vec<&str> = uses.iter().map(|found| found.function).collect();
    functions.sort_unstable();
    functions.dedup();
    if functions.is_empty() {
        return None;
    }
    let functions: Vec<String> = functions.iter().map(|function| format!("`{function}`")).collect();
    let message = format!(
        "the chart of `{}` may make values up at every run: it calls {}",
        node.name(),
        functions.join(", ")
    );
    let span = node.component.name.span_or(node.component.span);
    let mut diagnostic = Diagnostic::new(CHART_MAKES_VALUES, span, message);
    diagnostic.hints.extend(
        uses.iter()
            .take(MOST_NAMED)
            .map(|found| format!("`{}` at {}:{}", found.function, found.path, found.line)),
    );
    if uses.len() > MOST_NAMED {
        diagnostic.hints.push(format!("and at {} more places", uses.len() - MOST_NAMED));
    }
    Some(diagnostic.hint("most charts take such a value from config instead: set it there"))
}

/// Every use in the templates of a chart and of the charts inside it, in order of path and line.
fn find(session: &Session<'_>, chart: &SourcePath) -> Vec<Use> {
    let mut uses = Vec::new();
    let mut n_files = 0;
    let mut folders = vec![chart.child("templates"), chart.child("charts")];
    while let Some(folder) = folders.pop() {
        let listing = session.list(&folder);
        let Ok(entries) = listing.as_ref() else { continue };
        for entry in entries.iter().rev() {
            let path = folder.child(&entry.name);
            match entry.kind {
                EntryKind::Folder => folders.push(path),
                EntryKind::File if path.parts().any(|part| part == "templates") && n_files < MOST_FILES => {
                    n_files += 1;
                    uses.extend(find_in_file(session, &path));
                }
                _ => {}
            }
        }
    }
    uses.sort_by(|a, b| (&a.path, a.line, a.function).cmp(&(&b.path, b.line, b.function)));
    uses
}

fn find_in_file(session: &Session<'_>, path: &SourcePath) -> Vec<Use> {
    let Ok(bytes) = session.bytes(path, session.limits().manifest_bytes) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    let path = session.shown(path);
    let found =
        actions(&text).flat_map(|(line, action)| words(action).into_iter().map(move |word| (line, word)));
    let known = |word: &str| FUNCTIONS.iter().chain(&SALTED).find(|known| **known == word).copied();
    found.filter_map(|(line, word)| Some(Use { function: known(word)?, path: path.clone(), line })).collect()
}

/// The `{{ … }}` of a template that are no comments, with the line each begins in.
fn actions(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    let mut line = 1;
    std::iter::from_fn(move || {
        loop {
            let start = rest + text[rest..].find("{{")?;
            line += text[rest..start].matches('\n').count();
            let end = text[start..].find("}}").map_or(text.len(), |at| start + at);
            let action = &text[start + 2..end];
            let begins = line;
            line += action.matches('\n').count();
            rest = end;
            if !action.trim_start_matches(['-', ' ']).starts_with("/*") {
                return Some((begins, action));
            }
        }
    })
}

/// The bare words of an action: what stands in quotes is none.
fn words(action: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut quote = None;
    let mut start = None;
    for (at, c) in action.char_indices().chain([(action.len(), ' ')]) {
        let is_word = quote.is_none() && (c.is_alphanumeric() || matches!(c, '_' | '.' | '$'));
        match (start, is_word) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                words.push(&action[from..at]);
                start = None;
            }
            _ => {}
        }
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '`' | '\'') => quote = Some(c),
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_found_and_look_alikes_are_not() {
        let text = "a: {{ .now }} {{/* now */}}\nb: {{ printf \"now\" }}\nc: {{- now | date }}\nd: {{ (\n genCA \"x\") }}\n";
        let found: Vec<(usize, &str)> = actions(text)
            .flat_map(|(line, action)| words(action).into_iter().map(move |word| (line, word)))
            .collect();
        assert!(found.contains(&(3, "now")) && found.contains(&(4, "genCA")), "{found:?}");
        assert_eq!(found.iter().filter(|(_, word)| *word == "now").count(), 1, "{found:?}");
    }
}
