//! Which proxy an address is asked through: as git and curl choose it.
//!
//! Git's configuration comes first (`http.<url>.proxy`, then `http.proxy`), then the environment
//! (`https_proxy` or `http_proxy` by the scheme, then `all_proxy`, each in capitals as well). Hosts in
//! `no_proxy` are asked directly, whoever named the proxy, and an empty value means none.

use ureq::Proxy;
use url::Url;

/// The proxy for an address; none where it is asked directly.
///
/// # Errors
/// What is named is no proxy, or speaks SOCKS; the words name where it stands.
pub fn proxy_for(url: &Url) -> Result<Option<Proxy>, String> {
    let variable = |name: &str| std::env::var(name).ok();
    choose(url, of_git(url), variable)
}

fn choose(
    url: &Url,
    of_git: Option<String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, String> {
    let either = |name: &str| {
        variable(name).or_else(|| variable(&name.to_uppercase())).map(|value| (name.to_owned(), value))
    };
    let of_scheme = if url.scheme() == "https" { "https_proxy" } else { "http_proxy" };
    let named = of_git.map(|value| ("http.proxy".to_owned(), value));
    let named = named.or_else(|| either(of_scheme)).or_else(|| either("all_proxy"));
    let Some((place, value)) = named.filter(|(_, value)| !value.trim().is_empty()) else { return Ok(None) };
    if either("no_proxy").is_some_and(|(_, hosts)| is_exempt(url, &hosts)) {
        return Ok(None);
    }
    let value = value.trim();
    let value = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    // The value may hold a password: it is not told.
    if !["http://", "https://"].iter().any(|scheme| value.starts_with(scheme)) {
        return Err(format!("the proxy of `{place}` is none of http or https"));
    }
    Proxy::new(&value).map(Some).map_err(|_| format!("the proxy of `{place}` is no address"))
}

/// What git's configuration says for this address; empty for "none".
fn of_git(url: &Url) -> Option<String> {
    let config = git2::Config::open_default().ok()?.snapshot().ok()?;
    let mut best: Option<(usize, String)> = None;
    let mut entries = config.entries(Some("^http\\..+\\.proxy$")).ok()?;
    while let Some(Ok(entry)) = entries.next() {
        let (Ok(name), Ok(value)) = (entry.name(), entry.value()) else { continue };
        let of = name.get("http.".len()..name.len() - ".proxy".len()).unwrap_or_default();
        let of = of.trim_end_matches('/');
        let is_ours =
            url.as_str().strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if is_ours && best.as_ref().is_none_or(|(length, _)| of.len() >= *length) {
            best = Some((of.len(), value.to_owned()));
        }
    }
    best.map(|(_, value)| value).or_else(|| config.get_string("http.proxy").ok())
}

/// Whether `no_proxy` names the host: itself, a domain above it, or `*`; with a port, that one alone.
fn is_exempt(url: &Url, hosts: &str) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_lowercase();
    let port = url.port_or_known_default().map(|port| port.to_string());
    hosts.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).any(|entry| {
        let entry = entry.to_lowercase();
        let (name, wanted) = match entry.rsplit_once(':') {
            Some((name, wanted)) if !name.contains(':') || name.ends_with(']') => (name, Some(wanted)),
            _ => (entry.as_str(), None),
        };
        let name = name.trim_start_matches("*.").trim_start_matches('.').trim_matches(['[', ']']);
        let is_host = name == "*"
            || host == name
            || host.strip_suffix(name).is_some_and(|above| !name.is_empty() && above.ends_with('.'));
        is_host && wanted.is_none_or(|wanted| port.as_deref() == Some(wanted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(url: &str, of_git: Option<&str>, variables: &[(&str, &str)]) -> Result<Option<String>, String> {
        let url = Url::parse(url).unwrap();
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let proxy = choose(&url, of_git.map(str::to_owned), variable)?;
        Ok(proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port())))
    }

    #[test]
    fn the_scheme_says_which_variable_counts() {
        let variables = [("http_proxy", "plain:1"), ("HTTPS_PROXY", "http://tls:2")];
        assert_eq!(chosen("https://git.example/a", None, &variables), Ok(Some("tls:2".to_owned())));
        assert_eq!(chosen("http://git.example/a", None, &variables), Ok(Some("plain:1".to_owned())));
        assert_eq!(chosen("https://git.example/a", None, &variables[..1]), Ok(None));
        let all = [("all_proxy", "http://all:3"), ("https_proxy", "http://tls:2")];
        assert_eq!(chosen("https://git.example/a", None, &all), Ok(Some("tls:2".to_owned())));
        assert_eq!(chosen("http://git.example/a", None, &all), Ok(Some("all:3".to_owned())));
    }

    #[test]
    fn gits_configuration_comes_first_and_may_say_none() {
        let variables = [("https_proxy", "http://tls:2")];
        assert_eq!(
            chosen("https://git.example/a", Some("http://git:9"), &variables),
            Ok(Some("git:9".to_owned()))
        );
        assert_eq!(chosen("https://git.example/a", Some(""), &variables), Ok(None));
    }

    #[test]
    fn no_proxy_names_hosts_and_the_domains_above_them() {
        let exempt = |url: &str, hosts: &str| {
            chosen(url, Some("http://p:1"), &[("NO_PROXY", hosts)]).unwrap().is_none()
        };
        for hosts in ["*", "a, corp.example", ".corp.example", "x,*.corp.example", "git.corp.example:443"] {
            assert!(exempt("https://git.corp.example/a", hosts), "{hosts}");
        }
        for hosts in ["", "orp.example", "other.example", "git.corp.example:80", ".", "example.corp"] {
            assert!(!exempt("https://git.corp.example/a", hosts), "{hosts}");
        }
        assert!(exempt("https://corp.example/", ".corp.example"));
        assert!(exempt("https://[::1]:8443/", "[::1]:8443"));
        assert!(exempt("https://10.0.0.1/", "10.0.0.1"));
    }

    #[test]
    fn what_is_no_http_proxy_is_refused_without_its_words() {
        for value in ["socks5://user:word@p:1", "socks://p", "ftp://p", "http://"] {
            let refused = chosen("https://git.example/", Some(value), &[]).unwrap_err();
            assert!(refused.contains("http.proxy") && !refused.contains("word"), "{refused}");
        }
        assert!(chosen("https://git.example/", None, &[("all_proxy", "socks5h://p:1")]).is_err());
    }
}
