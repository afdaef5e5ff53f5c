//! Who may log in where: `access.yaml`, the environment, CI systems, the user's own git.
//!
//! A token goes to the host that it was named for and to no other: neither along a redirect, nor to a
//! mirror, nor to a host that a fetched file names.

use std::sync::Arc;

use hld_compiler::{Source, SourcePath};
use hld_diag::{ACCESS_FILE, Diagnostic, FileId, NO_TOKEN, Secret, Span, TOKEN_REFUSED};
use hld_git::{Credential, Credentials, ErrorKind, GitError, RemoteUrl, UserCredentials};
use secrecy::ExposeSecret;

use crate::address;

/// Name of the file beside a component file.
const FILE: &str = "access.yaml";

/// Most bytes of it.
const MOST_BYTES: u64 = 1 << 20;

/// The user that goes with a token; servers look at the token alone.
const USER: &str = "x-access-token";

/// What the `access.yaml` files of the definition say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access(Vec<Entry>);

#[derive(Clone, Debug)]
struct Entry {
    source: String,
    variable: String,
    /// `access.yaml:3`
    place: String,
}

/// Reads a variable of the environment.
pub(crate) type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;

impl Access {
    /// The files in `folders`; for an address that stands in several the first one counts.
    ///
    /// # Errors
    /// One of them is wrong.
    pub(crate) fn load(
        source: &dyn Source,
        folders: &[SourcePath],
        root: &SourcePath,
    ) -> Result<Self, Diagnostic> {
        let mut access = Access::default();
        for folder in folders {
            let path = folder.child(FILE);
            let shown = path.relative_to(root);
            let bytes = source.read(&path, MOST_BYTES).map_err(|error| wrong(&shown, &error.to_string()))?;
            let text =
                hld_yaml::decode(&bytes, FileId::NONE).map_err(|error| wrong(&shown, &error.to_string()))?;
            access.add(&text, &shown)?;
        }
        Ok(access)
    }

    fn add(&mut self, text: &str, shown: &str) -> Result<(), Diagnostic> {
        let options = hld_yaml::ReadOptions { dialect: hld_yaml::Dialect::Fabrikate, ..Default::default() };
        let read =
            hld_yaml::read(text, FileId::NONE, &options).map_err(|error| wrong(shown, &error.to_string()))?;
        let line = |span: Span| text[..span.start as usize].matches('\n').count() + 1;
        if let Some(twice) = read.duplicates.first() {
            let place = format!("{shown}:{}", line(twice.second));
            return Err(wrong(&place, &format!("the address stands in line {} already", line(twice.first))));
        }
        let Some(value) = read.documents.first().filter(|value| !value.is_null()) else { return Ok(()) };
        let map = value.as_map().ok_or_else(|| wrong(shown, "it is no map"))?;
        for (source, span, variable) in map.spanned() {
            let place = format!("{shown}:{}", line(span));
            let hld_yaml::Data::String(variable) = &variable.data else {
                return Err(wrong(
                    &place,
                    "what stands behind an address is the name of an environment variable",
                ));
            };
            let is_name = variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if variable.is_empty() || !is_name {
                // It may be the token itself: it is not repeated.
                return Err(wrong(
                    &place,
                    "what stands behind an address is no name of an environment variable",
                ));
            }
            if !self.0.iter().any(|entry| entry.source == source) {
                self.0.push(Entry { source: source.to_owned(), variable: variable.clone(), place });
            }
        }
        Ok(())
    }

    /// What is said about an address: exactly, else for everything below an address that ends in `/`.
    fn entry(&self, source: &str) -> Option<&Entry> {
        let exact = self.0.iter().find(|entry| entry.source == source);
        let above = || {
            let above = self
                .0
                .iter()
                .filter(|entry| entry.source.ends_with('/') && source.starts_with(&entry.source));
            above
                .filter(|entry| entry.source.matches('/').count() >= 3)
                .max_by_key(|entry| entry.source.len())
        };
        exact.or_else(above)
    }

    /// The token for an address, if one is named.
    ///
    /// # Errors
    /// Its variable is not set, or holds what can be no token.
    pub(crate) fn token(
        &self,
        source: &str,
        environment: &Environment,
    ) -> Result<Option<Secret>, Diagnostic> {
        let Some(entry) = self.entry(source) else { return Ok(None) };
        let value = environment(&entry.variable).unwrap_or_default();
        let place = &entry.place;
        let problem = if value.is_empty() {
            "is not set".to_owned()
        } else if let Some(at) = value.bytes().position(|byte| byte < 0x20 || byte == 0x7f) {
            format!("holds no token: it has a control character at byte {at}")
        } else if value.trim() != value {
            "holds no token: it begins or ends with a space".to_owned()
        } else if value.len() > 64 * 1024 {
            "holds no token: it is longer than 64 KiB".to_owned()
        } else {
            return Ok(Some(Secret::from(value)));
        };
        let message = format!("the environment variable `{}` {problem}", entry.variable);
        let hint = format!("{place} names it for `{}`; set it, or remove the line", address::shown(source));
        Err(Diagnostic::new(NO_TOKEN, Span::NONE, message).hint(hint))
    }
}

fn wrong(place: &str, why: &str) -> Diagnostic {
    Diagnostic::new(ACCESS_FILE, Span::NONE, format!("{place} is wrong: {why}"))
        .hint("a line is `https://host/path: NAME_OF_VARIABLE`")
}

/// A token that would go over the wire as it is.
pub(crate) fn not_encrypted(host: &str) -> Diagnostic {
    let message =
        format!("a token is meant for this source, and `{host}` would be sent it without encryption");
    Diagnostic::new(TOKEN_REFUSED, Span::NONE, message).hint("use https, or remove the token for this source")
}

/// Whether a host is this machine itself: what is sent there passes no wire.
pub(crate) fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Divides `user:password`; a token alone gets a user that servers do not look at.
pub(crate) fn user_and_secret(token: &Secret) -> (String, Secret) {
    match token.expose_secret().split_once(':') {
        Some((user, secret)) => (user.to_owned(), Secret::from(secret.to_owned())),
        None => (USER.to_owned(), token.clone()),
    }
}

/// How to log in to one source.
pub(crate) struct Login {
    /// What access.yaml names for it.
    pub(crate) token: Option<Secret>,
    /// The environment.
    pub(crate) environment: Arc<Environment>,
}

impl Credentials for Login {
    fn find(&self, url: &RemoteUrl) -> Result<Vec<Credential>, GitError> {
        let mut found = Vec::new();
        if !url.is_ssh() && !url.is_local() {
            let token = self.token.clone().or_else(|| host_token(url.host(), url.port(), &*self.environment));
            if let Some(token) = token {
                let host = url.host();
                if url.to_string().starts_with("http://") && !is_this_machine(host) {
                    let words =
                        format!("a token is meant for `{host}`, which would be sent it without encryption");
                    return Err(GitError::new(ErrorKind::Credentials, words));
                }
                let (user, secret) = user_and_secret(&token);
                found.push(Credential::Password { user, secret });
            } else if let Some(token) = ci_token(&url.to_string(), &*self.environment) {
                found.push(Credential::Bearer(token));
            }
        }
        found.extend(UserCredentials.find(url)?);
        Ok(found)
    }
}

/// How this run logs in to a repository that no access.yaml names: `HLD_TOKEN_<HOST>`, the token of the CI
/// system for its own repositories, the user's own git.
#[must_use]
pub fn credentials() -> Arc<dyn Credentials> {
    Arc::new(Login { token: None, environment: Arc::new(|name| std::env::var(name).ok()) })
}

/// The token in `HLD_TOKEN_<HOST>`: the host in capitals, `.` as `_`, `-` as `__`, and a port that is not
/// 443 behind it, as `_PORT`. No two hosts have one name.
pub(crate) fn host_token(host: &str, port: u16, environment: &Environment) -> Option<Secret> {
    if host.is_empty()
        || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-')
    {
        return None;
    }
    let host = host.to_ascii_uppercase().replace('-', "__").replace('.', "_");
    let port = if port == 443 { String::new() } else { format!("_PORT_{port}") };
    environment(&format!("HLD_TOKEN_{host}{port}")).filter(|token| !token.is_empty()).map(Secret::from)
}

/// The token that a CI system gives to its jobs, for its own repositories.
pub(crate) fn ci_token(url: &str, environment: &Environment) -> Option<Secret> {
    let below = |collection: &str| {
        let base = environment(collection)?;
        let base = format!("{}/", base.trim_end_matches('/'));
        (base.starts_with("https://") && base.matches('/').count() > 3 && url.starts_with(&base))
            .then_some(())
    };
    below("SYSTEM_COLLECTIONURI")?;
    environment("SYSTEM_ACCESSTOKEN").filter(|token| !token.is_empty()).map(Secret::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(text: &str) -> Result<Access, Diagnostic> {
        let mut access = Access::default();
        access.add(text, "access.yaml").map(|()| access)
    }

    fn environment(name: &str) -> Option<String> {
        let set = [
            ("GOOD", "s3cr3t"),
            ("EMPTY", ""),
            ("LINES", "a\nb"),
            ("SPACE", " a"),
            ("HLD_TOKEN_GIT__HUB_COM", "host"),
            ("HLD_TOKEN_127_0_0_1_PORT_80", "local"),
            ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/org/"),
            ("SYSTEM_ACCESSTOKEN", "ci"),
        ];
        set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn b034_a_token_goes_to_its_own_address() {
        let access =
            access("https://a.example/x: GOOD\nhttps://b.example/team/: GOOD\nhttps://: GOOD\n").unwrap();
        let has = |source: &str| access.token(source, &environment).unwrap().is_some();
        assert!(has("https://a.example/x") && has("https://b.example/team/y"));
        let others = [
            "https://a.example/y",
            "https://A.example/x",
            "https://a.example:443/x",
            "https://a.example./x",
            "https://sub.a.example/x",
            "https://b.example/teamwork",
            "https://b.example.evil/team/y",
            "https://c.example/x",
        ];
        assert!(others.into_iter().all(|source| !has(source)));
    }

    #[test]
    fn b037_b038_a_variable_that_holds_no_token() {
        for (variable, word) in
            [("UNSET", "is not set"), ("EMPTY", "is not set"), ("LINES", "byte 1"), ("SPACE", "space")]
        {
            let access = access(&format!("\nhttps://a.example/x: {variable}\n")).unwrap();
            let error = access.token("https://a.example/x", &environment).unwrap_err();
            assert_eq!(error.code, NO_TOKEN);
            assert!(error.message.contains(variable) && error.message.contains(word), "{}", error.message);
            assert!(error.hints[0].contains("access.yaml:2"), "{:?}", error.hints);
        }
    }

    #[test]
    fn an_access_file_that_is_wrong_is_named_without_what_may_be_a_token() {
        for text in ["- a", "https://a: {b: c}", "https://a: [x]", "a: b: c", "https://a: ghp-s3cr3t!"] {
            let error = access(text).unwrap_err();
            assert_eq!(error.code, ACCESS_FILE, "{text}");
            assert!(!error.message.contains("s3cr3t"));
        }
        assert!(access("").is_ok() && access("# nothing\n").is_ok());
        let first = access("https://a.example/x: GOOD\n").unwrap();
        assert!(first.token("https://a.example/x", &environment).is_ok());
    }

    #[test]
    fn hosts_have_variables_of_their_own() {
        let token =
            |host, port| host_token(host, port, &environment).map(|token| token.expose_secret().to_owned());
        assert_eq!(token("git-hub.com", 443).as_deref(), Some("host"));
        assert_eq!(token("git.hub.com", 443), None);
        assert_eq!(token("git-hub.com", 8443), None);
        assert_eq!(token("127.0.0.1", 80).as_deref(), Some("local"));
        assert_eq!(token("git_hub.com", 443), None);
    }

    #[test]
    fn the_token_of_a_job_goes_to_its_own_organisation() {
        let has = |url| ci_token(url, &environment).is_some();
        assert!(has("https://dev.azure.com/org/p/_git/r"));
        assert!(!has("https://dev.azure.com/other/p/_git/r") && !has("https://dev.azure.com.evil/org/x"));
        assert!(!has("http://dev.azure.com/org/p"));
    }

    #[test]
    fn b034_no_token_goes_over_the_wire_as_it_is() {
        let allowed =
            hld_git::Allowed { local: false, insecure: vec!["127.0.0.1:80".into(), "10.0.0.1:80".into()] };
        let environment: Arc<Environment> =
            Arc::new(|name| name.starts_with("HLD_TOKEN_").then(|| "s3cr3t".into()));
        let login = Login { token: None, environment };
        let find = |url| login.find(&RemoteUrl::parse(url, &allowed).unwrap());
        assert!(find("https://10.0.0.1/m").is_ok() && find("http://127.0.0.1/m").is_ok());
        let error = find("http://10.0.0.1/m").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Credentials);
        assert!(error.message.contains("without encryption") && !error.message.contains("s3cr3t"));
    }
}
