//! The common causes of syntax errors, and what to do about them.

use crate::fault::Fault;

/// What to do about a fault, where its surroundings show the cause.
pub(crate) fn hint(text: &str, fault: &Fault) -> Option<&'static str> {
    let at = fault.at.min(text.len());
    let line = line_of(text, at);
    let start = at - line.offset;
    let before = line_of(text, text[..start].trim_ascii_end().len()).text;
    let problem = fault.problem.as_ref();
    braces(line.text)
        .or_else(|| braces(before).filter(|_| problem != NO_TOKEN))
        .or_else(|| tab(line.text, problem))
        .or_else(|| character(text.as_bytes().get(at), problem))
        .or_else(|| of_problem(problem, line.text, before))
}

/// The hint for a line of a template that happens to be YAML.
pub(crate) fn template(text: &str, at: usize) -> Option<&'static str> {
    braces(line_of(text, at.min(text.len())).text)
}

const NO_TOKEN: &str = "found character that cannot start any token";

/// A line, and how far into it an offset is.
struct Line<'t> {
    text: &'t str,
    offset: usize,
}

fn line_of(text: &str, at: usize) -> Line<'_> {
    let bytes = text.as_bytes();
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |found| found + 1);
    let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |found| at + found);
    Line { text: &text[start..end], offset: at - start }
}

fn braces(line: &str) -> Option<&'static str> {
    line.contains("{{").then_some("`{{` is not YAML: put the value in quotes, or render the template first")
}

fn tab(line: &str, problem: &str) -> Option<&'static str> {
    let indented = line.trim_start_matches(' ').starts_with('\t') || problem.contains("tab character");
    let after_dash = line.trim_start_matches(' ').starts_with("-\t");
    (indented || after_dash).then_some("replace the tab by spaces: YAML is indented by spaces alone")
}

fn character(byte: Option<&u8>, problem: &str) -> Option<&'static str> {
    if problem != NO_TOKEN {
        return None;
    }
    match byte? {
        b'@' | b'`' | b'%' => Some("a value that begins with `@`, `` ` `` or `%` needs quotes"),
        _ => None,
    }
}

fn of_problem(problem: &str, line: &str, before: &str) -> Option<&'static str> {
    let lacks_space =
        |line: &str| line.split_once(':').is_some_and(|(_, rest)| !rest.starts_with([' ', '\r']));
    Some(match problem {
        "mapping values are not allowed in this context" if lacks_space(before) && !before.contains(": ") => {
            "put a space behind the colon of the line above"
        }
        "mapping values are not allowed in this context" => {
            "put a value that contains `: ` in quotes, or check the indentation"
        }
        "could not find expected ':'" if lacks_space(line) || lacks_space(before) => {
            "put a space behind the colon"
        }
        "could not find expected ':'" => "a key needs a colon and a space behind it, on its own line",
        "found unexpected end of stream" | "found unexpected document indicator" => {
            "a quote was opened and not closed"
        }
        "did not find expected ',' or ']'" => "close the list with `]`, or put a comma between its items",
        "did not find expected ',' or '}'" => "close the map with `}`, or put a comma between its entries",
        "did not find expected key" | "did not find expected '-' indicator" => {
            "check the indentation: this line fits no line above it"
        }
        "did not find expected alphabetic or numeric character" => {
            "a value that begins with `*` or `&` needs quotes"
        }
        "found unknown escape character" => {
            "write `\\\\` for a backslash in double quotes, or use single quotes"
        }
        _ => return None,
    })
}
