//! Addresses of sources: which may be used, and what is asked instead.

use hld_compiler::SourceSettings;
use hld_diag::{BAD_SOURCE, Diagnostic, SOURCE_REFUSED, Span};
use hld_git::{Allowed, Reach, RemoteUrl, UrlProblem};

/// What the definition says about addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses {
    mirrors: Vec<(String, String)>,
    insecure: Vec<String>,
}

impl Addresses {
    pub(crate) fn new(settings: &SourceSettings) -> Self {
        Addresses { mirrors: settings.mirrors.clone(), insecure: settings.insecure.clone() }
    }

    /// The repository at `text`. Folders of this machine are for the definition itself (`is_own`) and
    /// for mirrors.
    pub(crate) fn git(&self, text: &str, is_own: bool) -> Result<RemoteUrl, Diagnostic> {
        let mirrored = self.mirrored(text)?;
        let allowed = Allowed { local: is_own || mirrored.is_some(), insecure: self.insecure.clone() };
        let asked = mirrored.as_deref().unwrap_or(text);
        RemoteUrl::parse(asked, &allowed).map_err(|problem| refused(text, &problem))
    }

    /// The file or folder at `text`, over HTTP. Nothing of a URL is taken apart again: what is checked
    /// here is what is connected to.
    pub(crate) fn http(&self, text: &str) -> Result<url::Url, Diagnostic> {
        let mirrored = self.mirrored(text)?;
        self.checked_http(mirrored.as_deref().unwrap_or(text)).map_err(|problem| refused(text, &problem))
    }

    /// The same without mirrors: where a redirect leads.
    pub(crate) fn checked_http(&self, text: &str) -> Result<url::Url, UrlProblem> {
        if text.contains('\\') || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(UrlProblem::Malformed("it has a `\\`, a space or a control character in it"));
        }
        let url = url::Url::parse(text).map_err(|_| UrlProblem::Malformed("it is no URL"))?;
        let host = url.host_str().unwrap_or_default();
        if !matches!(url.scheme(), "https" | "http") {
            return Err(UrlProblem::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlProblem::HasSecret);
        }
        if host.is_empty() || host.ends_with('.') {
            return Err(UrlProblem::Malformed("its host is no host name"));
        }
        let authority = authority(&url);
        if url.scheme() == "http" && !self.is_insecure(&authority) {
            return Err(UrlProblem::Insecure(authority));
        }
        Ok(url)
    }

    /// Which addresses may be connected to.
    pub(crate) fn reach(&self) -> Reach {
        Reach::Public(self.insecure.clone())
    }

    /// Whether `host:port` may be asked without encryption and inside of private networks.
    fn is_insecure(&self, authority: &str) -> bool {
        self.insecure.iter().any(|named| named.eq_ignore_ascii_case(authority))
    }

    /// Whether a mirror is asked instead.
    pub(crate) fn is_mirrored(&self, text: &str) -> bool {
        self.mirrors.iter().any(|(from, _)| is_prefix(from, text))
    }

    /// What stands instead of an address, by the longest mirror that it begins with.
    fn mirrored(&self, text: &str) -> Result<Option<String>, Diagnostic> {
        let matching = self.mirrors.iter().filter(|(from, _)| is_prefix(from, text));
        let Some((from, to)) = matching.max_by_key(|(from, _)| from.len()) else { return Ok(None) };
        let rest = &text[from.len()..];
        // `..` behind a mirror would leave what the mirror is for.
        if rest.split(['/', '\\']).any(|part| part == ".." || part.eq_ignore_ascii_case("%2e%2e")) {
            return Err(refused(
                text,
                &UrlProblem::Malformed("it has `..` behind the part that a mirror replaces"),
            ));
        }
        Ok(Some(format!("{to}{rest}")))
    }
}

/// Whether an address begins with a mirror's, up to the end of a part.
fn is_prefix(mirror: &str, text: &str) -> bool {
    let rest = text.strip_prefix(mirror);
    rest.is_some_and(|rest| {
        !mirror.is_empty() && (mirror.ends_with(['/', ':']) || rest.is_empty() || rest.starts_with('/'))
    })
}

/// `host:port`.
pub(crate) fn authority(url: &url::Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443))
}

/// An address as people may see it: without what may be a token.
pub(crate) fn shown(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) if !scheme.contains("ssh") => format!("{scheme}://***{}", &rest[at..]),
        _ => text.to_owned(),
    }
}

/// What is wrong with an address.
pub(crate) fn refused(text: &str, problem: &UrlProblem) -> Diagnostic {
    let text = shown(text);
    let message = format!("the source `{text}` can not be used: {problem}");
    match problem {
        UrlProblem::Malformed(_) => Diagnostic::new(BAD_SOURCE, Span::NONE, message)
            .hint("a source is `https://host/path` or `git@host:path`"),
        UrlProblem::HasSecret => Diagnostic::new(BAD_SOURCE, Span::NONE, message)
            .hint("name an environment variable with the token in access.yaml, and revoke this one"),
        UrlProblem::Scheme(_) => Diagnostic::new(SOURCE_REFUSED, Span::NONE, message),
        UrlProblem::Insecure(host) => Diagnostic::new(SOURCE_REFUSED, Span::NONE, message).hint(format!(
            "use https; or, in a network that you trust, `insecure: [\"{host}\"]` in hld.yaml"
        )),
        UrlProblem::Local => Diagnostic::new(SOURCE_REFUSED, Span::NONE, message)
            .hint("only the definition itself may name folders of this machine, not what it fetches"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses() -> Addresses {
        let mirrors =
            [("https://github.com/", "https://git.example.com/m/"), ("https://github.com/a/b", "/mirrors/b")];
        Addresses {
            mirrors: mirrors.map(|(from, to)| (from.to_owned(), to.to_owned())).to_vec(),
            insecure: vec!["127.0.0.1:8080".to_owned()],
        }
    }

    #[test]
    fn the_longest_mirror_stands_instead() {
        let asked =
            |text| addresses().git(text, false).map(|url| url.to_string()).map_err(|error| error.code);
        assert_eq!(asked("https://github.com/x/y").as_deref(), Ok("https://git.example.com/m/x/y"));
        assert_eq!(asked("https://github.com/a/b").as_deref(), Ok("file:///mirrors/b"));
        assert_eq!(asked("https://github.com/a/bc").as_deref(), Ok("https://git.example.com/m/a/bc"));
        assert_eq!(asked("https://github.com/a/../x"), Err(BAD_SOURCE));
        assert_eq!(asked("/somewhere"), Err(SOURCE_REFUSED));
    }

    #[test]
    fn b051_b075_addresses_that_are_not_what_they_seem() {
        let code = |text| addresses().http(text).err().map(|error| error.code);
        for text in
            ["ftp://x/y", "file:///etc/passwd", "javascript:alert(1)", "http://x/y", "http://127.0.0.1:80/"]
        {
            assert_eq!(code(text), Some(SOURCE_REFUSED), "{text}");
        }
        for text in [
            "https://github.com@evil.example/",
            "https:\\\\evil",
            "https://evil\\@github.com/x",
            "https://a b/",
            "https://x\n/",
            "https://github.com./x",
            "nothing",
            "",
        ] {
            assert_eq!(code(text), Some(BAD_SOURCE), "{text}");
        }
        assert_eq!(code("http://127.0.0.1:8080/x"), None);
        assert_eq!(code("https://example.org/index.yaml"), None);
    }

    #[test]
    fn b036_a_token_in_an_address_is_not_shown() {
        let error = addresses().git("https://user:s3cr3t@example.org/x", true).unwrap_err();
        assert_eq!(error.code, BAD_SOURCE);
        assert!(
            !error.message.contains("s3cr3t") && error.message.contains("***@example.org"),
            "{}",
            error.message
        );
    }
}
