//! Who is heard at a receiver (B144): every provider, and every way to get its proof wrong.

use crate::webhooks::{PUSH, SECRET, mac, metric, started};
use crate::world::{eventually, post};

const DEVOPS_PUSH: &[u8] =
    br#"{"eventType":"git.push","resource":{"refUpdates":[{"name":"refs/heads/main"}]}}"#;

type Headers = Vec<(&'static str, String)>;

/// A provider of signatures: its receiver, the headers of its event, where the signature stands and
/// what stands before it.
struct Signed {
    path: &'static str,
    event: Headers,
    header: &'static str,
    prefix: &'static str,
}

fn signed() -> [Signed; 3] {
    let event = |name, value: &str| vec![(name, value.to_owned())];
    [
        Signed {
            path: "/hook/gitea",
            event: event("X-Gitea-Event", "push"),
            header: "X-Gitea-Signature",
            prefix: "",
        },
        Signed {
            path: "/hook/github",
            event: event("X-GitHub-Event", "push"),
            header: "X-Hub-Signature-256",
            prefix: "sha256=",
        },
        Signed { path: "/hook/generic", event: Vec::new(), header: "X-Signature", prefix: "sha256=" },
    ]
}

fn code(address: std::net::SocketAddr, path: &str, headers: &Headers, body: &[u8]) -> (u16, String) {
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    post(address, path, &headers, body)
}

/// Everything that is no signature of `body`.
fn wrong(provider: &Signed, body: &[u8]) -> Vec<String> {
    let good = mac(SECRET, body);
    let prefix = provider.prefix;
    let mut wrong = vec![
        String::new(),
        prefix.to_owned(),
        good[..63].to_owned(),
        format!("{prefix}{}", &good[..63]),
        format!("{prefix}{}", &good[..32]),
        format!("{prefix}{good}0"),
        format!("{prefix}{good}{good}"),
        format!("{prefix}{}", good.to_uppercase()),
        format!("{}{good}", prefix.to_uppercase() + "SHA256="),
        format!("sha1={good}"),
        format!("sha1={}", &good[..40]),
        format!("sha512={good}"),
        format!("{prefix}{good}, {prefix}{good}"),
        format!("{prefix}{prefix}x{good}"),
        format!("{prefix}{} {}", &good[..32], &good[32..]),
        format!("{prefix}{}", mac(SECRET, b"{}")),
        format!("{prefix}{}", mac("another secret", body)),
        format!("{prefix}{}", mac("", body)),
        format!("{prefix}{}", mac(&SECRET.to_uppercase(), body)),
        format!("{prefix}{}", "0".repeat(64)),
        format!("{prefix}\u{e9}{good}"),
        "null".to_owned(),
        SECRET.to_owned(),
    ];
    // With a prefix where there is none, and without one where there is one.
    wrong.push(if prefix.is_empty() { format!("sha256={good}") } else { good.clone() });
    wrong
}

#[test]
fn b144_no_wrong_signature_is_taken_by_any_receiver() {
    let (world, address) = started();
    let mut n_accepted = 0;
    for provider in &signed() {
        let with = |signature: &str| {
            let mut headers = provider.event.clone();
            headers.push((provider.header, signature.to_owned()));
            headers
        };
        let good = format!("{}{}", provider.prefix, mac(SECRET, PUSH));
        assert_eq!(code(address, provider.path, &with(&good), PUSH).0, 202, "{}", provider.path);
        n_accepted += 1;
        let refused = |headers: &Headers| {
            let answer = code(address, provider.path, headers, PUSH);
            assert_eq!(answer, (401, "Unauthorized\n".to_owned()), "{} {headers:?}", provider.path);
        };
        refused(&provider.event);
        for signature in wrong(provider, PUSH) {
            refused(&with(&signature));
        }
        // Twice, in both orders: which of them is meant?
        for pair in [[good.as_str(), "0"], ["0", good.as_str()], [good.as_str(), good.as_str()]] {
            let mut headers = with(pair[0]);
            headers.push((provider.header, pair[1].to_owned()));
            refused(&headers);
        }
        // The right proof in the header of another provider, and proofs of kinds that are none here.
        for other in signed().iter().filter(|other| other.header != provider.header) {
            let mut headers = provider.event.clone();
            headers.push((other.header, format!("{}{}", other.prefix, mac(SECRET, PUSH))));
            refused(&headers);
        }
        for (name, value) in [
            ("Authorization", format!("Bearer {SECRET}")),
            ("Authorization", basic("hld", SECRET)),
            ("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIifQ.".to_owned()),
            ("X-Hld-Token", SECRET.to_owned()),
            ("X-Hub-Signature", format!("sha1={}", &mac(SECRET, PUSH)[..40])),
            ("X-Gitlab-Token", SECRET.to_owned()),
        ] {
            let mut headers = provider.event.clone();
            headers.push((name, value));
            refused(&headers);
        }
        // The signature of a body is good for that body alone.
        let other = [PUSH, b" "].concat();
        assert_eq!(code(address, provider.path, &with(&good), &other).0, 401);
    }
    assert_eq!(metric(&world, "hld_agent_webhooks_total{result=\"accepted\"}"), n_accepted);
}

fn basic(user: &str, password: &str) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {encoded}")
}

#[test]
fn b144_azure_devops_proves_itself_by_a_password_or_a_header() {
    let (_world, address) = started();
    let good: [Headers; 5] = [
        vec![("Authorization", basic("", SECRET))],
        vec![("Authorization", basic("anybody", SECRET))],
        vec![("Authorization", basic("anybody", "the-next-one"))],
        vec![("authorization", basic("x", SECRET).replace("Basic", "bAsIc"))],
        vec![("X-Hld-Token", SECRET.to_owned())],
    ];
    for headers in &good {
        assert_eq!(code(address, "/hook/devops", headers, DEVOPS_PUSH).0, 202, "{headers:?}");
    }
    let one = |name, value: String| vec![(name, value)];
    let wrong: Vec<Headers> = vec![
        Vec::new(),
        one("Authorization", String::new()),
        one("Authorization", "Basic".to_owned()),
        one("Authorization", "Basic ".to_owned()),
        one("Authorization", "Basic !!!".to_owned()),
        one("Authorization", basic("hld", "")),
        one("Authorization", basic(SECRET, "")),
        one("Authorization", basic("hld", &SECRET[1..])),
        one("Authorization", basic("hld", &format!("{SECRET}x"))),
        one("Authorization", basic("hld", &format!("x:{SECRET}"))),
        one("Authorization", basic("hld", &SECRET.to_uppercase())),
        // No colon in it, and bytes that are no text.
        one("Authorization", format!("Basic {}", "czNjcjN0")),
        one("Authorization", "Basic /////w==".to_owned()),
        one("Authorization", format!("Bearer {SECRET}")),
        one("Authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIifQ.".to_owned()),
        one("Authorization", format!("Digest {SECRET}")),
        one("Authorization", SECRET.to_owned()),
        one("X-Hld-Token", String::new()),
        one("X-Hld-Token", SECRET[1..].to_owned()),
        one("X-Hld-Token", format!("{SECRET}\u{e9}")),
        one("X-Signature", format!("sha256={}", mac(SECRET, DEVOPS_PUSH))),
        one("X-Hub-Signature-256", format!("sha256={}", mac(SECRET, DEVOPS_PUSH))),
        vec![("X-Hld-Token", "0".to_owned()), ("Authorization", basic("hld", SECRET))],
        vec![("Authorization", basic("hld", SECRET)), ("Authorization", basic("hld", "0"))],
        vec![("Authorization", basic("hld", "0")), ("Authorization", basic("hld", SECRET))],
        vec![("X-Hld-Token", SECRET.to_owned()), ("X-Hld-Token", SECRET.to_owned())],
    ];
    for headers in &wrong {
        let answer = code(address, "/hook/devops", headers, DEVOPS_PUSH);
        assert_eq!(answer, (401, "Unauthorized\n".to_owned()), "{headers:?}");
    }
}

#[test]
fn b144_a_delivery_that_is_sent_again_is_one_more_look_at_most() {
    let (world, address) = started();
    let fetched = "hld_agent_git_fetches_total{result=\"fetched\"}";
    eventually("a first fetch", || (metric(&world, fetched) == 1).then_some(()), String::new);
    let headers = vec![
        ("X-GitHub-Event", "push".to_owned()),
        ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958".to_owned()),
        ("X-Hub-Signature-256", format!("sha256={}", mac(SECRET, PUSH))),
    ];
    for _ in 0..5 {
        assert_eq!(code(address, "/hook/github", &headers, PUSH).0, 202);
    }
    eventually("another fetch", || (metric(&world, fetched) == 2).then_some(()), String::new);
}
