//! Addresses of repositories.

use std::fmt;
use std::path::PathBuf;

use hld_diag::Untrusted;

/// Which addresses may be used besides `https` and `ssh`.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// Folders of this machine: `file:///…` and plain paths.
    pub local: bool,
    /// Hosts with a port, `host:port`, that may be spoken to without encryption.
    pub insecure: Vec<String>,
}

/// The address of a repository, parsed once: what was checked is what is connected to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RemoteUrl {
    scheme: Scheme,
    user: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Https,
    Http,
    Ssh,
    Local,
}

/// Why an address can not be used. No variant holds a part of it that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UrlProblem {
    /// It can not be read: what is wrong with it.
    Malformed(&'static str),
    /// It has a password or token in it.
    HasSecret,
    /// Its kind is not allowed: the scheme.
    Scheme(String),
    /// It is not encrypted, and nobody allowed that: `host:port`.
    Insecure(String),
    /// It is a folder of this machine, which is not allowed here.
    Local,
}

impl fmt::Display for UrlProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlProblem::Malformed(why) => f.write_str(why),
            UrlProblem::HasSecret => f.write_str("it has a password or token in it"),
            UrlProblem::Scheme(scheme) => {
                write!(f, "`{}` is not allowed: use https or ssh", Untrusted(scheme).line())
            }
            UrlProblem::Insecure(host) => {
                write!(f, "it is not encrypted, and `insecure` does not name `{}`", Untrusted(host).line())
            }
            UrlProblem::Local => f.write_str("a folder of this machine is not allowed here"),
        }
    }
}

impl std::error::Error for UrlProblem {}

impl RemoteUrl {
    /// Reads `https://host/path`, `ssh://user@host:port/path`, `user@host:path`, `file:///path`, an
    /// absolute path, or `http://host:port/path`.
    ///
    /// # Errors
    /// It is none of these, or not allowed.
    pub fn parse(text: &str, allowed: &Allowed) -> Result<Self, UrlProblem> {
        check_characters(text)?;
        let url = match text.split_once("://") {
            Some((scheme, _)) => Self::with_scheme(&scheme.to_ascii_lowercase(), text)?,
            None if text.starts_with('/') => Self::local(text)?,
            None if text.contains("::") => return Err(UrlProblem::Scheme(scheme_of(text))),
            None => Self::scp(text)?,
        };
        url.check(allowed)?;
        Ok(url)
    }

    fn check(&self, allowed: &Allowed) -> Result<(), UrlProblem> {
        match self.scheme {
            Scheme::Local if !allowed.local => Err(UrlProblem::Local),
            Scheme::Http => {
                let host = self.authority();
                let is_named = allowed.insecure.iter().any(|named| named.eq_ignore_ascii_case(&host));
                if is_named { Ok(()) } else { Err(UrlProblem::Insecure(host)) }
            }
            _ => Ok(()),
        }
    }

    fn with_scheme(scheme: &str, text: &str) -> Result<Self, UrlProblem> {
        let scheme = match scheme {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            "ssh" | "git+ssh" | "ssh+git" => Scheme::Ssh,
            "file" => return Self::local(text.get("file://".len()..).unwrap_or_default()),
            other => return Err(UrlProblem::Scheme(other.to_owned())),
        };
        let text = if scheme == Scheme::Ssh {
            format!("ssh{}", &text[text.find("://").unwrap_or(0)..])
        } else {
            text.to_owned()
        };
        let parsed = url::Url::parse(&text).map_err(|_| UrlProblem::Malformed("it is no URL"))?;
        if parsed.password().is_some() || (scheme != Scheme::Ssh && !is_organisation(&parsed)) {
            return Err(UrlProblem::HasSecret);
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(UrlProblem::Malformed("it has a `?` or `#` in it"));
        }
        let host = parsed.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        let user = Some(parsed.username()).filter(|user| scheme == Scheme::Ssh && !user.is_empty());
        let user = user.map(str::to_owned);
        Self::remote(scheme, user, (host, parsed.port()), parsed.path())
    }

    fn scp(text: &str) -> Result<Self, UrlProblem> {
        let Some((head, path)) = text.split_once(':') else {
            return Err(UrlProblem::Malformed(
                "it is neither a URL nor `user@host:path` nor an absolute path",
            ));
        };
        let (user, host) = head.split_once('@').map_or((None, head), |(user, host)| (Some(user), host));
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let host = (host.trim_end_matches('.').to_ascii_lowercase(), None);
        Self::remote(Scheme::Ssh, user.map(str::to_owned), host, &path)
    }

    fn remote(
        scheme: Scheme,
        user: Option<String>,
        (host, port): (String, Option<u16>),
        path: &str,
    ) -> Result<Self, UrlProblem> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '[' | ']');
        if host.is_empty() || host.starts_with('-') || !host.chars().all(plain) {
            return Err(UrlProblem::Malformed("its host is no host name"));
        }
        if port == Some(0) {
            return Err(UrlProblem::Malformed("its port is 0"));
        }
        if let Some(user) = &user
            && (user.starts_with('-')
                || !user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '+')))
        {
            return Err(UrlProblem::Malformed("its user is no user name"));
        }
        if path.trim_matches('/').is_empty() {
            return Err(UrlProblem::Malformed("it has no path"));
        }
        if path.trim_start_matches('/').starts_with('-') {
            return Err(UrlProblem::Malformed("its path starts with `-`"));
        }
        Ok(RemoteUrl { scheme, user, host, port, path: path.to_owned() })
    }

    fn local(path: &str) -> Result<Self, UrlProblem> {
        if !path.starts_with('/') {
            return Err(UrlProblem::Malformed("a folder of this machine needs an absolute path"));
        }
        let path = path.to_owned();
        Ok(RemoteUrl { scheme: Scheme::Local, user: None, host: String::new(), port: None, path })
    }

    /// Whether it is a folder of this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.scheme == Scheme::Local
    }

    /// Whether it is spoken to over SSH.
    #[must_use]
    pub fn is_ssh(&self) -> bool {
        self.scheme == Scheme::Ssh
    }

    /// The folder, of a local one.
    #[must_use]
    pub fn local_path(&self) -> Option<PathBuf> {
        self.is_local().then(|| PathBuf::from(&self.path))
    }

    /// The host; empty for a local one.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The user of an SSH address.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The port, with each protocol's own when none is written.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.scheme {
            Scheme::Https | Scheme::Local => 443,
            Scheme::Http => 80,
            Scheme::Ssh => 22,
        })
    }

    /// The path on the host.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// `host:port`.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port())
    }

    /// What two spellings of one repository have in common, over whichever protocol: host and path,
    /// without `.git` and slashes at the end, letter case aside (F04).
    #[must_use]
    pub fn key(&self) -> String {
        let path = self.path.trim_matches('/');
        if self.is_local() {
            return format!("file:///{}", path.strip_suffix("/.git").unwrap_or(path));
        }
        let path = path.strip_suffix(".git").unwrap_or(path).to_ascii_lowercase();
        let port = match (self.scheme, self.port) {
            (_, None) | (Scheme::Https, Some(443)) | (Scheme::Http, Some(80)) | (Scheme::Ssh, Some(22)) => {
                None
            }
            (_, port) => port,
        };
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        format!("{}{port}/{path}", self.host)
    }

    /// What libgit2 is given.
    pub(crate) fn wire(&self) -> String {
        match self.scheme {
            Scheme::Local => format!("{}://{}", crate::local::SCHEME, self.path),
            Scheme::Https | Scheme::Http => format!("{}{self}", crate::http::PREFIX),
            Scheme::Ssh => self.to_string(),
        }
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Https => "https",
            Scheme::Http => "http",
            Scheme::Ssh => "ssh",
            Scheme::Local => return write!(f, "file://{}", self.path),
        };
        write!(f, "{scheme}://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether the user of an HTTP address is none, or what Azure DevOps puts there: the organisation, which
/// its path begins with. Anything else may be a token.
fn is_organisation(url: &url::Url) -> bool {
    let first = url.path_segments().and_then(|mut segments| segments.next());
    url.username().is_empty() || first == Some(url.username())
}

fn check_characters(text: &str) -> Result<(), UrlProblem> {
    if text.is_empty() {
        return Err(UrlProblem::Malformed("it is empty"));
    }
    if text.starts_with('-') {
        return Err(UrlProblem::Malformed("it starts with `-`"));
    }
    if text.len() > 4096 {
        return Err(UrlProblem::Malformed("it is longer than 4096 bytes"));
    }
    // Browsers take `\` for `/`; the others mean something to a shell or end a line.
    let lower = text.to_ascii_lowercase();
    if ["\\", "%00", "%0a", "%0d", "'", "`", "$("].iter().any(|bad| lower.contains(bad)) {
        return Err(UrlProblem::Malformed("it has a character that no repository's address has"));
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UrlProblem::Malformed("it has a space or a control character in it"));
    }
    Ok(())
}

fn scheme_of(text: &str) -> String {
    text.split("::").next().unwrap_or_default().chars().take(32).collect()
}
