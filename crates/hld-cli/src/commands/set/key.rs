//! Paths of keys as fab writes them: parts between dots, quotes around a part that has dots.

/// The parts of a path: `a."b.c".d` is `a`, `b.c`, `d`. A doubled quote inside quotes is one.
pub(super) fn split(path: &str) -> Result<Vec<String>, String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        let part = parts.last_mut().expect("there always is a part");
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                part.push('"');
            }
            '"' => is_quoted = !is_quoted,
            '.' if !is_quoted => parts.push(String::new()),
            c => part.push(c),
        }
    }
    if is_quoted { Err(format!("`{path}` has a quote that is not closed")) } else { Ok(parts) }
}

/// How often `wanted` stands outside quotes.
pub(super) fn outside_quotes(text: &str, wanted: char) -> usize {
    text.split('"').step_by(2).map(|outside| outside.matches(wanted).count()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_protect_dots() {
        assert_eq!(split("a.b").unwrap(), ["a", "b"]);
        assert_eq!(split("a.\"x.y/z\".b").unwrap(), ["a", "x.y/z", "b"]);
        assert_eq!(split("a..b").unwrap(), ["a", "", "b"]);
        assert_eq!(split("\"a\"\"b\"").unwrap(), ["a\"b"]);
        assert!(split("a.\"b").is_err());
    }
}
