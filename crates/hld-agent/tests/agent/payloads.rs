//! Payloads of somebody who knows the secret, and that are not what they should be (B147): for each
//! provider its push, with every field of it removed, doubled, or something else.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::{Value as Json, json};

use crate::webhooks::{SECRET, mac, metric, started};
use crate::world::post;

/// What becomes of one field.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Removed,
    Doubled,
    Becomes(&'static str),
}

const CHANGES: [Change; 12] = [
    Change::Removed,
    Change::Doubled,
    Change::Becomes("null"),
    Change::Becomes("true"),
    Change::Becomes("7"),
    Change::Becomes("-1e400"),
    Change::Becomes("\"\""),
    Change::Becomes("\"\\ud800\""),
    Change::Becomes("[]"),
    Change::Becomes("[null]"),
    Change::Becomes("{}"),
    Change::Becomes("{\"a\":[{}]}"),
];

/// A provider: its receiver, the headers of a push, and a push.
struct Provider {
    path: &'static str,
    event: Option<(&'static str, &'static str)>,
    push: Json,
    /// The fields without which nobody knows what was pushed.
    needed: &'static [&'static str],
}

fn providers() -> [Provider; 4] {
    let person = json!({ "id": 1, "login": "ada", "email": "ada@example.com", "name": "Ada" });
    let repository = json!({
        "id": 7, "name": "manifests", "full_name": "team/manifests", "private": true, "owner": person,
        "clone_url": "https://git.example/team/manifests.git", "default_branch": "main",
    });
    let commit = json!({
        "id": "22", "message": "publish", "timestamp": "2026-01-02T03:04:05Z", "author": person,
        "added": ["prod/web.yaml"], "removed": [], "modified": [],
    });
    let push = json!({
        "ref": "refs/heads/main", "before": "11", "after": "22", "commits": [commit], "head_commit": commit,
        "repository": repository, "pusher": person, "sender": person, "forced": false, "base_ref": null,
    });
    let devops = json!({
        "subscriptionId": "00000000-0000-0000-0000-000000000000", "notificationId": 1, "id": "x",
        "eventType": "git.push", "publisherId": "tfs", "message": { "text": "Ada pushed" },
        "resource": {
            "commits": [{ "commitId": "22", "author": person, "comment": "publish" }],
            "refUpdates": [{ "name": "refs/heads/main", "oldObjectId": "11", "newObjectId": "22" }],
            "repository": { "id": "r", "name": "manifests", "project": { "id": "p", "name": "team" } },
            "pushedBy": person, "pushId": 14, "date": "2026-01-02T03:04:05Z",
        },
        "resourceVersion": "1.0", "createdDate": "2026-01-02T03:04:05Z",
    });
    let needs_ref: &[&str] = &["/ref"];
    [
        Provider {
            path: "/hook/gitea",
            event: Some(("X-Gitea-Event", "push")),
            push: push.clone(),
            needed: needs_ref,
        },
        Provider {
            path: "/hook/github",
            event: Some(("X-GitHub-Event", "push")),
            push: push.clone(),
            needed: needs_ref,
        },
        Provider {
            path: "/hook/devops",
            event: None,
            push: devops,
            needed: &["/eventType", "/resource", "/resource/refUpdates/0/name"],
        },
        Provider {
            path: "/hook/generic",
            event: None,
            push: json!({ "ref": "refs/heads/main", "x": push }),
            needed: &[],
        },
    ]
}

impl Provider {
    /// Sends a body with all proofs that there are, and gives the status.
    fn send(&self, address: SocketAddr, event: Option<(&str, &str)>, body: &[u8]) -> u16 {
        let signature = mac(SECRET, body);
        let prefixed = format!("sha256={signature}");
        let mut headers = vec![
            ("X-Gitea-Signature", signature.as_str()),
            ("X-Hub-Signature-256", &prefixed),
            ("X-Signature", &prefixed),
            ("X-Hld-Token", SECRET),
        ];
        headers.extend(event);
        post(address, self.path, &headers, body).0
    }
}

/// The pointers of all fields and items, and "" for the whole.
fn pointers(value: &Json, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Json::Object(fields) => {
            fields.iter().for_each(|(name, field)| pointers(field, &format!("{at}/{name}"), found));
        }
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| pointers(item, &format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

/// The text of a value of which one place has changed.
fn text(value: &Json, at: &str, (place, change): (&str, Change)) -> String {
    if at == place
        && let Change::Becomes(other) = change
    {
        return other.to_owned();
    }
    let is_here = |inner: &str| inner == place;
    let mut parts = Vec::new();
    let mut add = |inner: String, part: String| match change {
        Change::Removed if is_here(&inner) => {}
        Change::Doubled if is_here(&inner) => parts.extend([part.clone(), part]),
        _ => parts.push(part),
    };
    match value {
        Json::Object(fields) => {
            for (name, field) in fields {
                let inner = format!("{at}/{name}");
                let field = text(field, &inner, (place, change));
                add(inner, format!("{}:{field}", json!(name)));
            }
            format!("{{{}}}", parts.join(","))
        }
        Json::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                let inner = format!("{at}/{n}");
                let item = text(item, &inner, (place, change));
                add(inner, item);
            }
            format!("[{}]", parts.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[test]
fn b147_a_push_with_any_field_changed_is_taken_or_refused_and_never_more() {
    let (world, address) = started();
    let mut sent = 0;
    for provider in &providers() {
        let mut places = Vec::new();
        pointers(&provider.push, "", &mut places);
        assert!(places.len() > 20, "{}", provider.path);
        for place in &places {
            for change in CHANGES {
                if place.is_empty() && !matches!(change, Change::Becomes(_)) {
                    continue;
                }
                let body = text(&provider.push, "", (place, change));
                let status = provider.send(address, provider.event, body.as_bytes());
                let is_needed = provider.needed.contains(&place.as_str());
                // A sequence or a map may be read as fields that are all missing; text is another name.
                let is_text = matches!(change, Change::Becomes("\"\""));
                let is_list =
                    place == "/resource" && matches!(change, Change::Becomes("[]" | "{}" | "{\"a\":[{}]}"));
                let expected: &[u16] = if is_needed && !is_text && !is_list { &[400] } else { &[202, 400] };
                assert!(expected.contains(&status), "{} {place} {change:?}: {status}", provider.path);
                sent += 1;
            }
        }
        let body = provider.push.to_string();
        assert_eq!(provider.send(address, provider.event, body.as_bytes()), 202, "{}", provider.path);
        sent += 1;
    }
    let counted: u64 = ["accepted", "ignored", "malformed"]
        .iter()
        .map(|result| metric(&world, &format!("hld_agent_webhooks_total{{result=\"{result}\"}}")))
        .sum();
    assert_eq!(counted, sent, "each delivery is judged");
}

#[test]
fn b147_bodies_that_are_no_push_at_all_are_refused() {
    let (_world, address) = started();
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    for provider in &providers() {
        let push = provider.push.to_string();
        let deep = "[".repeat(1_000_000);
        let mut form = "payload=".to_owned();
        push.bytes().for_each(|byte| write!(form, "%{byte:02X}").unwrap());
        let mut marked = vec![0xff, 0xfe];
        marked.extend(utf16(&push));
        let bodies: Vec<Vec<u8>> = vec![
            b"{".to_vec(),
            b"nul".to_vec(),
            b"[7]".to_vec(),
            b"\"refs/heads/main\"".to_vec(),
            b"\xff\xff\xff".to_vec(),
            b"\0".to_vec(),
            push.as_bytes()[..push.len() - 1].to_vec(),
            [push.as_bytes(), b"}"].concat(),
            [push.as_bytes(), push.as_bytes()].concat(),
            [b"\xef\xbb\xbf", push.as_bytes()].concat(),
            deep.clone().into_bytes(),
            format!("{{\"x\":{deep}").into_bytes(),
            "{\"x\":".repeat(170_000).into_bytes(),
            format!("{{\"ref\":{deep}").into_bytes(),
            utf16(&push),
            marked,
            form.into_bytes(),
        ];
        for body in &bodies {
            let shown = String::from_utf8_lossy(&body[..body.len().min(30)]).into_owned();
            assert_eq!(provider.send(address, provider.event, body), 400, "{} {shown}", provider.path);
        }
        // What is deep beside the fields that count, and well formed, is passed over.
        let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
        let beside = push.replacen('{', &format!("{{\"deep\":{deep},"), 1);
        let status = provider.send(address, provider.event, beside.as_bytes());
        assert!(matches!(status, 202 | 400), "{}: {status}", provider.path);
        assert_eq!(provider.send(address, provider.event, push.as_bytes()), 202, "{}", provider.path);
    }
}

#[test]
fn b147_pings_and_events_of_other_kinds_wake_nobody() {
    let (world, address) = started();
    let [gitea, github, devops, _] = &providers();
    for (provider, header) in [(gitea, "X-Gitea-Event"), (github, "X-GitHub-Event")] {
        for event in ["ping", "issues", "PUSH", "", "push,push", "workflow_run", "\u{e9}"] {
            for body in [&b"{}"[..], b"not even JSON", provider.push.to_string().as_bytes()] {
                assert_eq!(provider.send(address, Some((header, event)), body), 202, "{event}");
            }
        }
        assert_eq!(provider.send(address, None, provider.push.to_string().as_bytes()), 202);
    }
    for event in ["git.pullrequest.created", "build.complete", "GIT.PUSH", ""] {
        let mut body = devops.push.clone();
        body["eventType"] = Json::from(event);
        assert_eq!(devops.send(address, None, body.to_string().as_bytes()), 202, "{event}");
    }
    assert_eq!(metric(&world, "hld_agent_webhooks_total{result=\"accepted\"}"), 0);
}
