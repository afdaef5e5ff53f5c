//! Where in an object a value stands: `spec.containers[0].image`.

/// One step from a value to one in it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'v> {
    Key(&'v str),
    Item(usize),
}

/// The steps as people write them; the object itself is `the object`.
pub(crate) fn shown(steps: &[Step<'_>]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Item(at) => out.push_str(&format!("[{at}]")),
            Step::Key(key) if !is_plain(key) => out.push_str(&format!("[{key:?}]")),
            Step::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
        }
    }
    out
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_$".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_are_no_words_stand_in_brackets() {
        let steps = [Step::Key("metadata"), Step::Key("labels"), Step::Key("a.b/c\n"), Step::Item(3)];
        assert_eq!(shown(&steps), "metadata.labels[\"a.b/c\\n\"][3]");
    }
}
