//! Putting a namespace into objects that have none.
//!
//! Fabrikate reads the object and writes it anew, which turns `name: y` into `name: true` and loses
//! comments. Here the one entry is put into the text, and everything else stays as it came.
//!
//! One habit of Fabrikate's is kept, since manifests in clusters depend on it: it cuts the stream at
//! every newline with `---` behind it, so that a document loses its last newline before it is read,
//! and a block scalar at its end loses the same ([`Ending::BeforeAnother`]).

use hld_diag::{Diagnostic, FileId};
use hld_yaml::{self as yaml, Limits, Node, NodeKind, Style};

/// What stands behind a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The end of the stream.
    OfStream,
    /// Another document.
    BeforeAnother,
}

/// The text of a document with `namespace` in its metadata, unless a namespace is there already, if
/// only an empty one. Items of lists are left alone, and so is an object without metadata.
///
/// # Errors
/// The text is no YAML.
pub(crate) fn namespace(
    text: &str,
    ending: Ending,
    namespace: &str,
    limits: &Limits,
) -> Result<String, Diagnostic> {
    let documents = yaml::parse(text, FileId::NONE, limits).map_err(|error| error.to_diagnostic())?;
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for document in &documents {
        edits.extend(edit(document.root(), namespace, text));
        if ending == Ending::BeforeAnother {
            edits.extend(strip_last_newline(document.root(), text));
        }
    }
    edits.sort_by_key(|(start, ..)| *start);
    let mut out = text.to_owned();
    for (start, end, with) in edits.into_iter().rev() {
        out.replace_range(start..end, &with);
    }
    Ok(out)
}

/// The bytes to replace, and what with.
fn edit(root: Node<'_>, namespace: &str, text: &str) -> Option<(usize, usize, String)> {
    let metadata = root.target().get("metadata")?.target();
    if !matches!(metadata.kind(), NodeKind::Mapping) {
        return None;
    }
    let value = scalar(namespace);
    if let Some(present) = metadata.get("namespace") {
        let is_null = present.as_scalar().is_some_and(|scalar| scalar.is_plain())
            && matches!(present.source(), "" | "~" | "null" | "Null" | "NULL");
        let (start, end) = (present.span().start as usize, present.span().end as usize);
        let gap = if text[..start].ends_with(':') { " " } else { "" };
        return is_null.then(|| (start, end, format!("{gap}{value}")));
    }
    let Some((first, _)) = metadata.entries().next() else {
        let (start, end) = (metadata.span().start as usize, metadata.span().end as usize);
        return Some((start, end, format!("{{namespace: {value}}}")));
    };
    let start = first.span().start as usize;
    if metadata.style() == Style::Flow {
        return Some((start, start, format!("namespace: {value}, ")));
    }
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let newline =
        if text[..start].ends_with("\r\n") || text[..line].ends_with("\r\n") { "\r\n" } else { "\n" };
    let indent = " ".repeat(text[line..start].chars().count());
    Some((start, start, format!("namespace: {value}{newline}{indent}")))
}

/// The edit that takes the last newline from a block scalar at the very end of the text: its
/// header's chomping becomes `-`.
fn strip_last_newline(root: Node<'_>, text: &str) -> Option<(usize, usize, String)> {
    let last = last_leaf(root)?;
    let is_block = matches!(last.style(), Style::Literal | Style::Folded);
    let content = text.strip_suffix('\n')?.trim_end_matches('\r');
    if !is_block || content.ends_with('\n') || (last.span().end as usize) < content.len() {
        return None;
    }
    let (start, end) = (last.span().start as usize, last.span().end as usize);
    let header = text.get(start..end)?.lines().next()?;
    let at = header.find(['|', '>'])?;
    let flags: String =
        header[at + 1..].chars().take_while(|c| c.is_ascii_digit() || "+-".contains(*c)).collect();
    let digits: String = flags.chars().filter(char::is_ascii_digit).collect();
    let from = start + at + 1;
    Some((from, from + flags.len(), format!("{digits}-")))
}

/// The scalar that ends a document.
fn last_leaf(mut node: Node<'_>) -> Option<Node<'_>> {
    loop {
        node = match node.kind() {
            NodeKind::Mapping => node.entries().last()?.1,
            NodeKind::Sequence => node.items().last()?,
            NodeKind::Scalar(_) => return Some(node),
            NodeKind::Alias(..) => return None,
        };
    }
}

/// The namespace as sigs.k8s.io/yaml writes it: quoted where it would be something else than text.
fn scalar(namespace: &str) -> String {
    yaml::emit(&yaml::Value::new(namespace)).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let injected = namespace(text, Ending::OfStream, "shop", &Limits::default()).unwrap();
        assert_eq!(injected, expected);
    }

    #[test]
    fn a_block_scalar_before_another_document_loses_its_newline() {
        let check = |text: &str, expected: &str| {
            let injected = namespace(text, Ending::BeforeAnother, "shop", &Limits::default()).unwrap();
            assert_eq!(injected, expected);
        };
        check("kind: A\ndata:\n  a: |\n    text\n", "kind: A\ndata:\n  a: |-\n    text\n");
        check("kind: A\ndata:\n  a: |2+ # why\n      text\n", "kind: A\ndata:\n  a: |2- # why\n      text\n");
        check("kind: A\ndata:\n  a: |\n    text\n\n", "kind: A\ndata:\n  a: |\n    text\n\n");
        check("kind: A\ndata:\n  a: |\n    text\n# end\n", "kind: A\ndata:\n  a: |\n    text\n# end\n");
        check("kind: A\ndata:\n  a: text\n", "kind: A\ndata:\n  a: text\n");
    }

    #[test]
    fn the_entry_is_put_in_front_and_the_rest_stays() {
        check(
            "# a\nkind: A\nmetadata:\n    name: y # a name\n    labels: {a: on}\ndata:\n  mode: 0644\n",
            "# a\nkind: A\nmetadata:\n    namespace: shop\n    name: y # a name\n    labels: {a: on}\ndata:\n  mode: 0644\n",
        );
        check("metadata: {name: a}\n", "metadata: {namespace: shop, name: a}\n");
        check("metadata: {}\n", "metadata: {namespace: shop}\n");
        check("metadata:\r\n  name: a\r\n", "metadata:\r\n  namespace: shop\r\n  name: a\r\n");
    }

    #[test]
    fn a_namespace_that_is_there_stays_and_null_is_none() {
        check("metadata:\n  namespace: other\n", "metadata:\n  namespace: other\n");
        check("metadata:\n  namespace: \"\"\n", "metadata:\n  namespace: \"\"\n");
        check("metadata:\n  namespace:\n  name: a\n", "metadata:\n  namespace: shop\n  name: a\n");
        check("metadata:\n  name: a\n  namespace: ~\n", "metadata:\n  name: a\n  namespace: shop\n");
        check(
            "kind: List\nitems:\n- metadata:\n    name: a\n",
            "kind: List\nitems:\n- metadata:\n    name: a\n",
        );
        check("metadata: text\n", "metadata: text\n");
    }

    #[test]
    fn a_namespace_that_looks_like_a_number_is_quoted() {
        let injected =
            namespace("metadata:\n  name: a\n", Ending::OfStream, "123", &Limits::default()).unwrap();
        assert_eq!(injected, "metadata:\n  namespace: \"123\"\n  name: a\n");
    }
}
