//! Webhooks and HTTP (rows B143 to B150): the public face.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use hld_agent::config::{Config, Parsed, parse};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::world::{World, answer, eventually, file, get, post, send};

pub(crate) const SECRET: &str = "s3cr3t-of-the-webhook";

pub(crate) const PUSH: &[u8] =
    br#"{"ref":"refs/heads/main","repository":{"clone_url":"http://169.254.169.254/x.git"}}"#;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn mac(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

/// A configuration with a receiver for each provider, and one without a secret.
fn with_receivers(world: &World) -> Config {
    let folder = world.folder.path();
    let secret = file(folder, "secret", &format!("{SECRET}\nthe-next-one\n"));
    let empty = file(folder, "empty", "\n");
    let (secret, empty) = (secret.display(), empty.display());
    let path = file(
        folder,
        "config.yaml",
        &format!(
            "apiVersion: hld.dev/v1alpha1\nkind: AgentConfig\nwebhooks:\n  receivers:\n\
             \x20 - {{name: gitea, provider: gitea, secretFile: {secret}}}\n\
             \x20 - {{name: github, provider: github, secretFile: {secret}}}\n\
             \x20 - {{name: devops, provider: azure-devops, secretFile: {secret}}}\n\
             \x20 - {{name: generic, provider: generic, secretFile: {secret}}}\n\
             \x20 - {{name: open, provider: generic}}\n\
             \x20 - {{name: empty, provider: generic, secretFile: {empty}}}\n\
             \x20 - {{name: gone, provider: azure-devops, secretFile: {folder}/gone}}\n",
            folder = folder.display()
        ),
    );
    let mut config = world.config(&[&format!("--config={}", path.display())]);
    // Nothing but a webhook makes the agent look.
    config.git.poll_interval = std::time::Duration::from_secs(3600);
    config
}

pub(crate) fn started() -> (World, SocketAddr) {
    let mut world = World::new();
    world.write("a.yaml", crate::world::config_map("a", "1"));
    world.push();
    let config = with_receivers(&world);
    world.start(config);
    let address = world.addresses().webhooks.unwrap();
    (world, address)
}

/// The value of a metric.
pub(crate) fn metric(world: &World, name: &str) -> u64 {
    let (_, text) = get(world.addresses().metrics, "/metrics");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or(" 0");
    line.trim().parse().unwrap()
}

#[test]
fn b143_a_receiver_without_a_secret_is_closed() {
    let (_world, address) = started();
    for (path, headers) in [
        ("/hook/open", vec![]),
        ("/hook/open", vec![("X-Signature".to_owned(), format!("sha256={}", mac("", PUSH)))]),
        ("/hook/empty", vec![("X-Signature".to_owned(), format!("sha256={}", mac("", PUSH)))]),
        ("/hook/gone", vec![("X-Hld-Token".to_owned(), String::new())]),
    ] {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(n, v): &(String, String)| (n.as_str(), v.as_str())).collect();
        assert_eq!(post(address, path, &headers, PUSH).0, 401, "{path}");
    }
    // Without any receiver, nothing listens.
    let mut alone = World::new();
    let config = alone.config(&[]);
    alone.start(config);
    assert_eq!(alone.addresses().webhooks, None);
}

#[test]
fn b144_only_who_knows_the_secret_is_heard() {
    let (world, address) = started();
    eventually(
        "a first fetch",
        || (metric(&world, "hld_agent_git_fetches_total{result=\"fetched\"}") == 1).then_some(()),
        String::new,
    );
    let good = mac(SECRET, PUSH);
    let prefixed = format!("sha256={good}");
    let basic = format!("Basic {}", base64("someone", SECRET));
    let push = ("X-Gitea-Event", "push");
    let event = ("X-GitHub-Event", "push");
    let devops = br#"{"eventType":"git.push","resource":{"refUpdates":[{"name":"refs/heads/main"}]}}"#;
    assert_eq!(post(address, "/hook/gitea", &[push, ("X-Gitea-Signature", &good)], PUSH).0, 202);
    assert_eq!(post(address, "/hook/github", &[event, ("X-Hub-Signature-256", &prefixed)], PUSH).0, 202);
    assert_eq!(post(address, "/hook/generic", &[("X-Signature", &prefixed)], PUSH).0, 202);
    assert_eq!(post(address, "/hook/devops", &[("Authorization", &basic)], devops).0, 202);
    assert_eq!(post(address, "/hook/devops", &[("X-Hld-Token", SECRET)], devops).0, 202);
    // A secret that is being changed: both are good.
    let next = mac("the-next-one", PUSH);
    assert_eq!(post(address, "/hook/gitea", &[push, ("X-Gitea-Signature", &next)], PUSH).0, 202);
    let refused = |path: &str, headers: &[(&str, &str)]| {
        let (code, body) = post(address, path, headers, PUSH);
        assert_eq!((code, body.as_str()), (401, "Unauthorized\n"), "{path} {headers:?}");
    };
    let (upper, short, long) = (good.to_uppercase(), &good[..63], format!("{good}0"));
    let other_body = mac(SECRET, b"{}");
    let (sha1, twice) = (format!("sha1={good}"), format!("{good}, {good}"));
    for wrong in ["", upper.as_str(), short, &long, &other_body, &prefixed, &sha1, &twice, "null", "\u{e9}"] {
        refused("/hook/gitea", &[push, ("X-Gitea-Signature", wrong)]);
    }
    refused("/hook/gitea", &[push]);
    refused("/hook/gitea", &[push, ("X-Hub-Signature-256", &prefixed)]);
    refused("/hook/gitea", &[push, ("X-Gitea-Signature", &good), ("X-Gitea-Signature", "0")]);
    refused("/hook/github", &[event, ("X-Hub-Signature-256", &good)]);
    refused("/hook/github", &[event, ("X-Hub-Signature", &sha1)]);
    refused("/hook/devops", &[("Authorization", "Basic !!!")]);
    refused("/hook/devops", &[("Authorization", &format!("Bearer {SECRET}"))]);
    refused("/hook/devops", &[("X-Hld-Token", &SECRET[1..])]);
    refused("/hook/unknown", &[push, ("X-Gitea-Signature", &good)]);
    // The answer to a receiver that is not there is the answer to a wrong proof, byte for byte.
    let request = |path: &str| format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{{}}");
    let undated =
        |text: String| text.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n");
    let (known, unknown) =
        (send(address, request("/hook/gitea").as_bytes()), send(address, request("/hook/no").as_bytes()));
    assert_eq!(undated(known), undated(unknown));
}

fn base64(user: &str, password: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"))
}

#[test]
fn b145_what_is_too_much_is_refused_and_the_sync_goes_on() {
    let (world, address) = started();
    // A body that is announced larger than it may be, and one that grows.
    let head = "POST /hook/gitea HTTP/1.1\r\nHost: a\r\n";
    let large =
        [format!("{head}Content-Length: 10000000000\r\n\r\n").into_bytes(), vec![b'x'; 2 << 20]].concat();
    assert_eq!(answer(&send(address, &large)).0, 413);
    let chunk = [b"100000\r\n".as_slice(), &vec![b'x'; 1 << 20], b"\r\n"].concat();
    let chunked =
        [format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes(), &chunk, &chunk, b"0\r\n\r\n"]
            .concat();
    assert_eq!(answer(&send(address, &chunked)).0, 413);
    // Heads: too large, and too many.
    let long = format!("{head}X-Long: {}\r\n\r\n", "x".repeat(256 * 1024));
    assert!(matches!(answer(&send(address, long.as_bytes())).0, 0 | 400 | 431));
    let many = format!("{head}{}\r\n", "X-Many: 1\r\n".repeat(10_000));
    assert!(matches!(answer(&send(address, many.as_bytes())).0, 0 | 400 | 431));
    // A compressed body is bytes like any other: its proof is over what was sent.
    let zipped = format!("{head}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x08\x00");
    assert_eq!(answer(&send(address, zipped.as_bytes())).0, 401);
    // Extensions and trailers of chunks are part of no limit but that of heads.
    let padded =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n1;{}\r\nx\r\n0\r\n\r\n", "x".repeat(1 << 20));
    assert!(matches!(answer(&send(address, padded.as_bytes())).0, 0 | 400));
    let trailers =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n0\r\n{}\r\n", "X-Many: 1\r\n".repeat(100_000));
    assert!(matches!(answer(&send(address, trailers.as_bytes())).0, 0 | 400));
    // HTTP/2, with a flood of empty frames behind its beginning, is not spoken here.
    let second = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &[0; 9 * 10_000]].concat();
    assert!(matches!(answer(&send(address, &second)).0, 0 | 400 | 505));
    // Whoever connects and says nothing holds a place for seconds, and the probes are elsewhere.
    let idle: Vec<TcpStream> = (0..300).filter_map(|_| TcpStream::connect(address).ok()).collect();
    assert!(idle.len() > 200);
    assert_eq!(get(world.addresses().health, "/healthz").0, 200);
    world.until("a status", |status| !status.conditions.is_empty());
    // A push that comes behind them is heard, while they are still there.
    let signature = mac(SECRET, PUSH);
    let headers = [("X-Gitea-Event", "push"), ("X-Gitea-Signature", signature.as_str())];
    assert_eq!(post(address, "/hook/gitea", &headers, PUSH).0, 202);
    drop(idle);
}

#[test]
fn b146_a_flood_of_pushes_is_a_few_fetches() {
    let began = std::time::Instant::now();
    let (world, address) = started();
    let fetched = "hld_agent_git_fetches_total{result=\"fetched\"}";
    eventually("a first fetch", || (metric(&world, fetched) == 1).then_some(()), String::new);
    let signature = mac(SECRET, PUSH);
    let flood = |name: &str, event: &str, header: &str, prefix: &str| {
        let signature = format!("{prefix}{signature}");
        for _ in 0..1000 {
            let headers = [(event, "push"), (header, signature.as_str())];
            assert_eq!(post(address, &format!("/hook/{name}"), &headers, PUSH).0, 202);
        }
    };
    // Several receivers are several words about one source.
    std::thread::scope(|scope| {
        scope.spawn(|| flood("gitea", "X-Gitea-Event", "X-Gitea-Signature", ""));
        scope.spawn(|| flood("github", "X-GitHub-Event", "X-Hub-Signature-256", "sha256="));
        scope.spawn(|| flood("generic", "X-Event", "X-Signature", "sha256="));
    });
    eventually("another fetch", || (metric(&world, fetched) >= 2).then_some(()), String::new);
    assert_eq!(metric(&world, "hld_agent_webhooks_total{result=\"accepted\"}"), 3000);
    // The one of the start, and one in five seconds, however long this took.
    let n_fetches = metric(&world, fetched);
    let most = 1 + began.elapsed().as_secs() / 5;
    assert!(n_fetches <= most, "{n_fetches} fetches, at most {most}");
}

#[test]
fn b147_malformed_payloads_of_somebody_known_are_refused() {
    let (_world, address) = started();
    let deep = "[".repeat(900_000);
    for body in ["", "null", "{}", r#"{"ref":7}"#, &deep, "payload=%7B%7D"] {
        let signature = mac(SECRET, body.as_bytes());
        let headers = [("X-Gitea-Event", "push"), ("X-Gitea-Signature", signature.as_str())];
        assert_eq!(post(address, "/hook/gitea", &headers, body.as_bytes()).0, 400);
        assert_eq!(post(address, "/hook/devops", &[("X-Hld-Token", SECRET)], body.as_bytes()).0, 400);
    }
    let signature = format!("sha256={}", mac(SECRET, b"{}"));
    let ping = [("X-GitHub-Event", "ping"), ("X-Hub-Signature-256", signature.as_str())];
    assert_eq!(post(address, "/hook/github", &ping, b"{}").0, 202);
}

#[test]
fn b148_a_payload_names_no_repository_to_fetch() {
    let (world, address) = started();
    let fetched = "hld_agent_git_fetches_total{result=\"fetched\"}";
    eventually("a first fetch", || (metric(&world, fetched) == 1).then_some(()), String::new);
    for name in [".*", "main|other", "refs/heads/../main", "refs/heads/other", "refs/tags/main"] {
        let body =
            serde_json::json!({"ref": name, "repository": {"clone_url": "http://127.0.0.1:1/x"}}).to_string();
        let signature = mac(SECRET, body.as_bytes());
        let headers = [("X-Gitea-Event", "push"), ("X-Gitea-Signature", signature.as_str())];
        assert_eq!(post(address, "/hook/gitea", &headers, body.as_bytes()).0, 202, "{name}");
    }
    assert_eq!(metric(&world, "hld_agent_webhooks_total{result=\"ignored\"}"), 5);
    assert_eq!(metric(&world, fetched), 1);
    assert_eq!(metric(&world, "hld_agent_git_fetches_total{result=\"failed\"}"), 0);
}

#[test]
fn b149_odd_requests_are_refused() {
    let (world, address) = started();
    let said = |line: &str| {
        answer(&send(
            address,
            format!("{line} HTTP/1.1\r\nHost: agent\r\nContent-Length: 0\r\n\r\n").as_bytes(),
        ))
        .0
    };
    for path in [
        "/",
        "/hook",
        "/hook/",
        "/hook/../metrics",
        "/hook/gitea/x",
        "//hook/gitea",
        "/hook//gitea",
        "/hook/%67itea",
        "/hook/gitea%2e",
        "/metrics",
        "/healthz",
    ] {
        assert_eq!(said(&format!("POST {path}")), 404, "{path}");
    }
    assert_eq!(said("POST http://other.example.org/hook/gitea"), 404);
    for method in ["GET", "TRACE", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(said(&format!("{method} /hook/gitea")), 405, "{method}");
    }
    // Two lengths: whoever reads the second one would see another request.
    let smuggled = "POST /hook/gitea HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    let answered = send(address, smuggled.as_bytes());
    assert_eq!(answered.matches("HTTP/1.1 ").count(), 1, "{answered}");
    assert!(matches!(answer(&answered).0, 400 | 401), "{answered}");
    let health = world.addresses().health;
    assert_eq!(get(health, "/hook/gitea").0, 404);
    assert_eq!(get(health, "/debug/pprof").0, 404);
    assert_eq!(answer(&send(health, b"TRACE /metrics HTTP/1.1\r\nHost: a\r\n\r\n")).0, 405);
    assert_eq!(answer(&send(health, b"\x16\x03\x01\x00\xa5\x01")).0, 400);
}

#[test]
fn b150_metrics_have_numbers_and_no_names() {
    let (world, _address) = started();
    let addresses = world.addresses();
    eventually("ready", || (get(addresses.health, "/readyz").0 == 200).then_some(()), String::new);
    assert_eq!(get(addresses.health, "/healthz"), (200, "ok\n".to_owned()));
    let has_synced = || get(addresses.metrics, "/metrics").1.contains("hld_agent_syncs_total").then_some(());
    eventually("a sync", has_synced, String::new);
    let (code, text) = get(addresses.metrics, "/metrics");
    assert_eq!(code, 200);
    for name in [
        "hld_agent_syncs",
        "hld_agent_sync_seconds_bucket",
        "hld_agent_last_success_seconds",
        "hld_agent_git_fetches_total",
    ] {
        assert!(text.contains(name), "{text} lacks {name}");
    }
    for hidden in [SECRET, "shop", "ConfigMap", "remote.git", "gitea"] {
        assert!(!text.contains(hidden), "{text} has {hidden}");
    }
    let mut stream = TcpStream::connect(addresses.health).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
    let mut old = String::new();
    stream.read_to_string(&mut old).unwrap();
    assert!(old.contains("application/openmetrics-text"), "{old}");
}

#[test]
fn a_receiver_that_is_wrong_in_the_file_is_said_at_the_start() {
    let folder = tempfile::TempDir::new().unwrap();
    let text = "apiVersion: hld.dev/v1alpha1\nkind: AgentConfig\ngit: {url: 'https://h/m'}\nwebhooks:\n  receivers:\n  - {name: a/b, provider: gitea}\n  - {name: c, provider: gitea}\n  - {name: c, provider: github}\n";
    let path = file(folder.path(), "config.yaml", text);
    let Parsed::Wrong(said, _) = parse(["hld-agent".to_owned(), format!("--config={}", path.display())])
    else {
        panic!()
    };
    assert_eq!(said.len(), 2, "{said:?}");
}
