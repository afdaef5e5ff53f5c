//! Which branches a payload is about. That is all that is read of it.

use hyper::header::HeaderMap;
use serde::Deserialize;

use crate::config::Provider;

/// What a payload says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Something was pushed to these refs.
    Pushed(Vec<String>),
    /// Something may have been pushed, and it does not say where.
    Something,
    /// Nothing was pushed: a ping, or an event of another kind.
    Nothing,
}

/// The payload is not what the provider sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Said {
    /// Whether the branch may have something new.
    pub(super) fn concerns(&self, branch: &str) -> bool {
        match self {
            Said::Pushed(refs) => refs.iter().any(|name| name.strip_prefix("refs/heads/") == Some(branch)),
            Said::Something => true,
            Said::Nothing => false,
        }
    }
}

/// A push of Gitea, GitHub and of whoever speaks as they do.
#[derive(Deserialize)]
struct Push {
    r#ref: String,
}

/// An event of Azure DevOps.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DevOps {
    event_type: String,
    #[serde(default)]
    resource: Option<Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    #[serde(default)]
    ref_updates: Vec<RefUpdate>,
}

#[derive(Deserialize)]
struct RefUpdate {
    name: String,
}

/// A body of whoever sends generic webhooks: a ref, if there is one.
#[derive(Deserialize)]
struct Anything {
    #[serde(default)]
    r#ref: Option<String>,
}

/// Reads a body that is known to be genuine. Deep nesting is refused by the reader.
pub(super) fn branches(provider: Provider, headers: &HeaderMap, body: &[u8]) -> Result<Said, Malformed> {
    let event = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let malformed = |_| Malformed;
    match provider {
        Provider::Gitea if event("x-gitea-event") != "push" => Ok(Said::Nothing),
        Provider::Github if event("x-github-event") != "push" => Ok(Said::Nothing),
        Provider::Gitea | Provider::Github => {
            let push: Push = serde_json::from_slice(body).map_err(malformed)?;
            Ok(Said::Pushed(vec![push.r#ref]))
        }
        Provider::AzureDevops => {
            let sent: DevOps = serde_json::from_slice(body).map_err(malformed)?;
            if sent.event_type != "git.push" {
                return Ok(Said::Nothing);
            }
            let updates = sent.resource.ok_or(Malformed)?.ref_updates;
            Ok(Said::Pushed(updates.into_iter().map(|update| update.name).collect()))
        }
        Provider::Generic if body.iter().all(u8::is_ascii_whitespace) => Ok(Said::Something),
        Provider::Generic => {
            let sent: Anything = serde_json::from_slice(body).map_err(malformed)?;
            Ok(sent.r#ref.map_or(Said::Something, |name| Said::Pushed(vec![name])))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(event: Option<(&'static str, &'static str)>) -> HeaderMap {
        event.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    const GITEA: Option<(&str, &str)> = Some(("x-gitea-event", "push"));
    const GITHUB: Option<(&str, &str)> = Some(("x-github-event", "push"));

    #[test]
    fn a_push_concerns_its_branch_alone() {
        let push = br#"{"ref":"refs/heads/main","repository":{"clone_url":"http://169.254.169.254/"}}"#;
        for (provider, event) in
            [(Provider::Gitea, GITEA), (Provider::Github, GITHUB), (Provider::Generic, None)]
        {
            let said = branches(provider, &headers(event), push).unwrap();
            assert!(said.concerns("main") && !said.concerns("mai") && !said.concerns("main2"), "{said:?}");
        }
        let push = br#"{"eventType":"git.push","resource":{"refUpdates":[{"name":"refs/heads/main"}]}}"#;
        let said = branches(Provider::AzureDevops, &headers(None), push).unwrap();
        assert!(said.concerns("main") && !said.concerns("other"));
    }

    #[test]
    fn b148_names_are_compared_and_are_no_patterns() {
        for name in
            [".*", "(a+)+", "a|main", "refs/heads/../main", "refs/tags/main", "main", "refs/heads/MAIN"]
        {
            let body = serde_json::json!({"ref": name}).to_string();
            let said = branches(Provider::Gitea, &headers(GITEA), body.as_bytes()).unwrap();
            assert!(!said.concerns("main"), "{name}");
        }
        let long = serde_json::json!({"ref": format!("refs/heads/{}", "a".repeat(1_000_000))}).to_string();
        assert!(!branches(Provider::Gitea, &headers(GITEA), long.as_bytes()).unwrap().concerns("main"));
    }

    #[test]
    fn b147_malformed_payloads_are_said_to_be() {
        let deep = "[".repeat(1_000_000);
        let deep_inside = format!(r#"{{"x":{deep}"#);
        let utf16: Vec<u8> = "{\"ref\":\"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let bodies: [&[u8]; 10] = [
            b"",
            b"null",
            b"[]",
            b"{}",
            br#"{"ref":null}"#,
            br#"{"ref":["refs/heads/main"]}"#,
            b"payload=%7B%7D",
            br#"{"ref":"refs/heads/main","ref":"x"}"#,
            deep_inside.as_bytes(),
            &utf16,
        ];
        for body in bodies {
            for (provider, event) in [(Provider::Gitea, GITEA), (Provider::Github, GITHUB)] {
                let said = branches(provider, &headers(event), body);
                assert_eq!(said, Err(Malformed), "{}", String::from_utf8_lossy(&body[..body.len().min(40)]));
            }
        }
        for body in [
            "",
            "{}",
            r#"{"eventType":"git.push"}"#,
            r#"{"eventType":"git.push","resource":null}"#,
            r#"{"eventType":"git.push","resource":{"refUpdates":null}}"#,
            r#"{"eventType":"git.push","resource":{"refUpdates":[{}]}}"#,
            r#"{"eventType":7}"#,
        ] {
            assert_eq!(
                branches(Provider::AzureDevops, &headers(None), body.as_bytes()),
                Err(Malformed),
                "{body}"
            );
        }
    }

    #[test]
    fn b147_pings_and_other_events_do_nothing() {
        for (provider, event) in [
            (Provider::Github, Some(("x-github-event", "ping"))),
            (Provider::Github, Some(("x-github-event", "workflow_run"))),
            (Provider::Github, None),
            (Provider::Gitea, Some(("x-gitea-event", "issues"))),
        ] {
            assert_eq!(branches(provider, &headers(event), b"{}"), Ok(Said::Nothing));
        }
        let other = br#"{"eventType":"workitem.created","resource":{}}"#;
        assert_eq!(branches(Provider::AzureDevops, &headers(None), other), Ok(Said::Nothing));
        let empty = br#"{"eventType":"git.push","resource":{"refUpdates":[]}}"#;
        assert!(!branches(Provider::AzureDevops, &headers(None), empty).unwrap().concerns("main"));
        assert!(branches(Provider::Generic, &headers(None), b" \n").unwrap().concerns("main"));
    }
}
