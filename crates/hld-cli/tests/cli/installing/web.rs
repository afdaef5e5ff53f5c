//! Charts of chart repositories and files over HTTP: reliability.md 3.F, 3.G and 3.H.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use hld_testkit::http::{Request, Response, Server};
use sha2::{Digest, Sha256};

use super::support::clear_cache;
use crate::support::{MANIFEST, SECRET, World};

/// A helm that prints the name in the chart's Chart.yaml.
const HELM: &str = "cat > /dev/null; name=$(cat $3/Chart.yaml | head -1 | cut -d' ' -f2); \
    printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: %s}\\n' $name";

/// The archive of a chart.
fn archive(version: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in [
        ("web/Chart.yaml", format!("name: v{version}\nversion: {version}\n")),
        ("web/templates/a.yaml", MANIFEST.to_owned()),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The index of a repository with two versions of `web`, with the digest of the archives of `packed`.
fn index(packed: impl Fn(&str) -> Vec<u8>) -> String {
    let entry = |version: &str| {
        let digest = sha256(&packed(version));
        format!("  - {{name: web, version: {version}, urls: [charts/web-{version}.tgz], digest: {digest}}}\n")
    };
    format!("apiVersion: v1\nentries:\n  web:\n{}{}", entry("1.2.0"), entry("1.10.0"))
}

/// A chart repository below `/repo`.
fn repository(request: &Request) -> Response {
    match request.path() {
        "/repo/index.yaml" => Response::new(200, index(archive)),
        "/repo/charts/web-1.2.0.tgz" => Response::new(200, archive("1.2.0")),
        "/repo/charts/web-1.10.0.tgz" => Response::new(200, archive("1.10.0")),
        _ => Response::new(404, "no"),
    }
}

/// A definition with one chart of a repository; its `source` stands at 5:11.
fn chart(source: &str, server: &Server, fields: &str) -> World {
    let component = format!(
        "name: shop\nsubcomponents:\n- name: web\n  type: helm\n  source: {source}\n  method: helm\n  path: web\n{fields}"
    );
    let world = World::new(&[("component.yaml", &component)]);
    world.helm(HELM);
    allow(&world, &[server]);
    world
}

fn allow(world: &World, servers: &[&Server]) {
    let hosts: Vec<String> = servers.iter().map(|server| format!("'{}'", server.authority())).collect();
    world.write("hld.yaml", format!("apiVersion: hld.dev/v1\ninsecure: [{}]\n", hosts.join(", ")));
}

/// A definition with one manifest over HTTP; its `source` stands at 5:11.
fn file(source: &str, server: &Server) -> World {
    let component = format!(
        "name: shop\nsubcomponents:\n- name: web\n  type: static\n  source: {source}\n  method: http\n"
    );
    let world = World::new(&[("component.yaml", &component)]);
    allow(&world, &[server]);
    world
}

#[test]
fn a_chart_is_resolved_locked_and_rendered() {
    let server = Server::start(repository).unwrap();
    let world = chart(&server.url("/repo"), &server, "  version: ^1.2\n");
    world.hld("generate").run().exits(0);
    assert!(world.read("generated/common/web.yaml").contains("name: v1.10.0"));
    let lock = world.read("hld.lock");
    assert!(lock.contains("resolved: 1.10.0") && lock.contains("version: ^1.2"), "{lock}");
    let asked = server.requests().len();
    world.hld("generate --locked --offline").run().exits(0);
    assert_eq!(server.requests().len(), asked, "lock and cache suffice");
    world.write("hld.lock", lock.replace("resolved: 1.10.0", "resolved: 1.2.0"));
    clear_cache(&world);
    world.rejects("generate", 1, &["error[HLD0809] component.yaml:5:11"]);
    chart(&server.url("/repo/"), &server, "  version: 1.2.0\n").hld("generate").run().exits(0);
}

#[test]
fn b091_b096_what_a_repository_does_not_have() {
    let server = Server::start(repository).unwrap();
    for (source, fields, code, report) in [
        ("/repo", "  version: ^9\n", 1, "error[HLD0816]"),
        ("/repo", "  version: latest!\n", 1, "error[HLD0816]"),
        ("/elsewhere", "", 4, "error[HLD0804]"),
    ] {
        let world = chart(&server.url(source), &server, fields);
        world.rejects("generate", code, &[&format!("{report} component.yaml:5:11")]);
    }
    for body in ["<!DOCTYPE html><html>", "[]", "\u{1f}\u{8b}\u{8}", ""] {
        let server = Server::start(move |_| Response::new(200, body)).unwrap();
        let run = chart(&server.url("/repo"), &server, "").hld("generate").run();
        assert!([1, 4].contains(&run.status.code().unwrap()), "{body}: {run}");
        run.untouched();
    }
}

#[test]
fn b077_an_archive_that_is_not_what_the_index_says() {
    let server = Server::start(|request| match request.path() {
        "/repo/index.yaml" => Response::new(200, index(|_| b"other".to_vec())),
        _ => repository(request),
    })
    .unwrap();
    chart(&server.url("/repo"), &server, "").rejects("generate", 1, &["error[HLD0809] component.yaml:5:11"]);
}

#[test]
fn b079_an_archive_with_a_name_that_leads_out() {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..11].copy_from_slice(b"web/../../x");
    header.set_size(0);
    header.set_cksum();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::Write::write_all(&mut gzip, header.as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    let listed = packed.clone();
    let server = Server::start(move |request| match request.path() {
        "/repo/index.yaml" => Response::new(200, index(|_| listed.clone())),
        _ => Response::new(200, packed.clone()),
    })
    .unwrap();
    chart(&server.url("/repo"), &server, "").rejects(
        "generate",
        3,
        &["refused[HLD0810] component.yaml:5:11"],
    );
}

#[test]
fn b034_b099_an_index_that_names_another_host_gets_no_token() {
    let thief = Server::start(|request| match request.path() {
        "/web-1.0.0.tgz" => Response::new(200, archive("1.0.0")),
        _ => Response::new(404, ""),
    })
    .unwrap();
    let entry =
        format!("entries: {{web: [{{version: 1.0.0, urls: ['{}']}}]}}\n", thief.url("/web-1.0.0.tgz"));
    let server = Server::start(move |_| Response::new(200, entry.clone())).unwrap();
    let world = chart(&server.url("/repo"), &server, "");
    world.write("access.yaml", format!("{}: HLD_TEST_TOKEN\n", server.url("/repo")));
    world.rejects("generate", 3, &["refused[HLD0803] component.yaml:5:11"]);
    assert_eq!(thief.requests().len(), 0, "nobody allowed that host");
    allow(&world, &[&server, &thief]);
    world.hld("generate").run().exits(0);
    let sent =
        |server: &Server| server.requests().iter().any(|request| request.header("authorization").is_some());
    assert!(sent(&server) && !sent(&thief));
    for url in [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://user:pass@example.org/x.tgz",
        "http://169.254.169.254/x.tgz",
    ] {
        let entry = format!("entries: {{web: [{{version: 1.0.0, urls: ['{url}']}}]}}\n");
        let server = Server::start(move |_| Response::new(200, entry.clone())).unwrap();
        let run = chart(&server.url("/repo"), &server, "").hld("generate").run();
        assert!([1, 3].contains(&run.status.code().unwrap()), "{url}: {run}");
    }
}

#[test]
fn a_manifest_is_fetched_and_locked() {
    let server = Server::start(|request| match request.path() {
        "/a/web.yaml" => Response::new(200, MANIFEST),
        _ => Response::new(404, "<html>"),
    })
    .unwrap();
    let world = file(&server.url("/a/web.yaml"), &server);
    world.hld("generate").run().exits(0);
    assert!(world.read("generated/common/web.yaml").contains("name: web"));
    world.hld("generate --locked --offline").run().exits(0);
    file(&server.url("/missing.yaml"), &server).rejects(
        "generate",
        4,
        &["error[HLD0804] component.yaml:5:11"],
    );
    file(&server.url("/a/web.yaml?raw=1"), &server).rejects(
        "generate",
        1,
        &["error[HLD0802] component.yaml:5:11"],
    );
}

#[test]
fn b077_a_file_that_changed_at_its_address() {
    let n_asked = Arc::new(AtomicUsize::new(0));
    let n = n_asked.clone();
    let server = Server::start(move |_| {
        Response::new(200, MANIFEST.replace("web", &format!("web{}", n.fetch_add(1, Ordering::SeqCst))))
    })
    .unwrap();
    let world = file(&server.url("/web.yaml"), &server);
    world.hld("generate").run().exits(0);
    clear_cache(&world);
    world.rejects("generate", 1, &["error[HLD0809] component.yaml:5:11"]);
}

#[test]
fn b076_no_name_from_outside_becomes_a_path() {
    let index = |url: &str| {
        format!("apiVersion: v1\nentries: {{web: [{{name: web, version: 1.0.0, urls: ['{url}']}}]}}\n")
    };
    for name in
        ["%2e%2e%2f%2e%2e%2fevil", "..%5c..%5cevil", "..%2fevil", "%2e%2e/%2e%2e/evil", "a/..;/evil", "~evil"]
    {
        let server = Server::start(move |request| {
            let body = match request.path() {
                "/repo/index.yaml" => index(&format!("{name}.tgz")).into_bytes(),
                path if path.ends_with(".tgz") => archive("1.0.0"),
                _ => MANIFEST.into(),
            };
            let disposition = "attachment; filename=\"../../evil.yaml\"; filename*=UTF-8''%2e%2e%2fevil.yaml";
            Response::new(200, body).header("content-disposition", disposition)
        })
        .unwrap();
        let manifest = file(&server.url(&format!("/{name}.yaml")), &server);
        let chart = chart(&server.url("/repo"), &server, "  version: 1.0.0\n");
        for (world, output) in [(manifest, "web.yaml"), (chart, "web.yaml")] {
            world.hld("generate").run().exits(0);
            let everything = world.snapshot();
            let made: Vec<String> = everything.files_in("work/generated/common").into_keys().collect();
            assert_eq!(made, [output], "{name}");
            let evil: Vec<String> =
                everything.files_in("").into_keys().filter(|path| path.contains("evil")).collect();
            assert!(evil.is_empty(), "{name}: {evil:?}");
        }
    }
}

#[test]
fn b070_addresses_of_this_machine_and_of_its_network() {
    let server = Server::start(|_| Response::new(200, MANIFEST)).unwrap();
    let port = server.authority().rsplit(':').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "0"] {
        let world = file(&format!("http://{host}:{port}/web.yaml"), &server);
        world.write("hld.yaml", "apiVersion: hld.dev/v1\n");
        world.rejects("generate", 3, &["refused[HLD0803] component.yaml:5:11"]);
        let world = file(&format!("https://{host}:{port}/web.yaml"), &server);
        world.write("hld.yaml", "apiVersion: hld.dev/v1\n");
        world.rejects("generate", 3, &["refused[HLD0803] component.yaml:5:11"]);
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn b070_a_proxy_is_not_asked_for_addresses_of_this_machine() {
    let proxy = Server::start(|_| Response::new(502, "")).unwrap();
    let run = |method: &str, host: &str| {
        let kind = if method == "git" { "component" } else { "static" };
        let component = format!(
            "name: shop\nsubcomponents:\n- name: web\n  type: {kind}\n  source: https://{host}/web.yaml\n  method: {method}\n"
        );
        let world = World::new(&[("component.yaml", &component)]);
        world.hld("generate").env("HTTPS_PROXY", proxy.url("")).run()
    };
    for method in ["git", "http"] {
        for host in ["127.0.0.1", "localhost", "127.1", "0x7f000001", "169.254.169.254", "[::1]", "10.0.0.1"]
        {
            run(method, host).exits(3).reports("refused[HLD0803] component.yaml:5:11");
        }
        assert_eq!(proxy.requests().iter().filter(|request| request.target.contains("1")).count(), 0);
        run(method, "files.example").untouched();
        let asked = proxy.requests();
        assert!(asked.last().unwrap().target.contains("files.example:443"), "{method}: {asked:?}");
    }
}

#[test]
fn proxies_are_chosen_as_git_does() {
    let (proxy, server) =
        (Server::start(|_| Response::new(502, "")), Server::start(|_| Response::new(404, "")));
    let (proxy, server) = (proxy.unwrap(), server.unwrap());
    let run = |method: &str, of_git: &str, variables: [(&str, &str); 2]| {
        let kind = if method == "git" { "component" } else { "static" };
        let source = server.url("/web.yaml");
        let component = format!(
            "name: shop\nsubcomponents:\n- name: web\n  type: {kind}\n  source: {source}\n  method: {method}\n"
        );
        let world = World::new(&[("component.yaml", &component)]);
        allow(&world, &[&server]);
        std::fs::write(world.outside("home/.gitconfig"), of_git).unwrap();
        let hld =
            variables.into_iter().fold(world.hld("generate"), |hld, (name, value)| hld.env(name, value));
        let said = hld.run();
        let asked = (proxy.requests().len(), server.requests().len());
        said.untouched();
        (asked, said)
    };
    let (named, none) = (proxy.url(""), ("LANG", "C"));
    let of_git = format!("[http]\n\tproxy = {named}\n");
    for method in ["git", "http"] {
        let before = (proxy.requests().len(), server.requests().len());
        let (after, _) = run(method, "", [("http_proxy", &named), none]);
        assert!(after.0 > before.0 && after.1 == before.1, "{method}: the environment's");
        let (direct, _) = run(method, "", [("http_proxy", &named), ("NO_PROXY", "localhost, 127.0.0.1")]);
        assert!(direct.0 == after.0 && direct.1 > after.1, "{method}: not for this host");
        let (after, _) = run(method, &of_git, [none, none]);
        assert!(after.0 > direct.0 && after.1 == direct.1, "{method}: git's");
        let (direct, _) = run(method, "[http]\n\tproxy =\n", [("http_proxy", &named), none]);
        assert!(direct.0 == after.0 && direct.1 > after.1, "{method}: git says none");
        let (_, said) = run(method, "[http]\n\tproxy = socks5://127.0.0.1:1\n", [none, none]);
        said.mentions("http.proxy");
    }
}

#[test]
fn a_time_limit_that_no_clock_can_hold() {
    let server = Server::start(|_| Response::new(200, MANIFEST)).unwrap();
    let world = file(&server.url("/web.yaml"), &server);
    let settings = world.read("hld.yaml");
    world.write("hld.yaml", format!("{settings}limits: {{sourceSeconds: 9223372036854775807}}\n"));
    world.hld("generate").run().exits(0);
}

#[test]
fn b070_b071_redirects_are_checked_and_bounded() {
    let inner = Server::start(|_| Response::new(200, MANIFEST)).unwrap();
    let targets = [
        (inner.url("/web.yaml"), 3),
        ("file:///etc/passwd".to_owned(), 3),
        ("https://169.254.169.254/latest/".to_owned(), 3),
        ("/web.yaml".to_owned(), 4),
        (String::new(), 4),
        ("x".repeat(20_000), 4),
    ];
    for (location, code) in targets {
        let to = location.clone();
        let server = Server::start(move |_| Response::redirect(302, &to)).unwrap();
        let run = file(&server.url("/web.yaml"), &server).hld("generate").run();
        run.exits(code).untouched();
        assert!(server.requests().len() <= 6, "{location}");
    }
    assert_eq!(inner.requests().len(), 0);
}

#[test]
fn b034_b039_a_token_stays_with_its_origin() {
    let thief = Server::start(|_| Response::new(200, MANIFEST)).unwrap();
    let to = thief.url("/web.yaml");
    let server = Server::start(move |_| Response::redirect(307, &to)).unwrap();
    let world = file(&server.url("/web.yaml"), &server);
    allow(&world, &[&server, &thief]);
    world.write("access.yaml", format!("{}: HLD_TEST_TOKEN\n", server.url("/web.yaml")));
    world.hld("generate").run().exits(0);
    let sent = |server: &Server| server.requests()[0].header("authorization").map(str::to_owned);
    assert_eq!(sent(&server), Some(format!("Bearer {SECRET}")));
    assert_eq!(sent(&thief), None);
}

#[test]
fn b039_no_child_is_told_a_token() {
    let server = Server::start(|request| match request.header("authorization") {
        Some(_) => repository(request),
        None => Response::new(401, "no"),
    })
    .unwrap();
    let world = chart(&server.url("/repo"), &server, "");
    world.write("access.yaml", format!("{}/: HLD_TEST_TOKEN\n", server.url("")));
    // What stands in the cache is looked through after every run.
    let children = world.outside("cache/children");
    world.helm(&format!("(echo \"$@\"; env) >> {}; {HELM}", children.display()));
    world.hld("generate").env("HLD_TOKEN_GITHUB_COM", SECRET).run().exits(0);
    let told = std::fs::read_to_string(children).unwrap();
    assert!(told.contains("template") && told.contains("PATH="), "{told}");
}

#[test]
fn b035_a_token_is_not_sent_without_encryption() {
    let component = "name: shop\nsubcomponents:\n- name: web\n  type: static\n  source: http://files.example.org:8080/web.yaml\n  method: http\n";
    let world = World::new(&[("component.yaml", component)]);
    world.write("hld.yaml", "apiVersion: hld.dev/v1\ninsecure: ['files.example.org:8080']\n");
    world.write("access.yaml", "http://files.example.org:8080/web.yaml: HLD_TEST_TOKEN\n");
    world.rejects("generate", 3, &["refused[HLD0815] component.yaml:5:11"]);
}

#[test]
fn b072_b073_answers_that_are_none() {
    let answers: Vec<(Response, i32)> = vec![
        (Response::new(204, ""), 4),
        (Response::new(206, MANIFEST), 4),
        (Response::new(304, ""), 4),
        (Response::new(401, "no").header("www-authenticate", "Basic"), 4),
        (Response::new(429, "later").header("retry-after", "1000000000"), 6),
        (Response::new(503, "later"), 6),
        (Response::new(200, "<html>log in</html>"), 4),
        (Response::Lost, 6),
        (Response::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nkind: A".to_vec()), 6),
        (Response::Raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nkind:".to_vec()), 6),
        (Response::Raw(b"nonsense\r\n\r\n".to_vec()), 4),
        (Response::Raw(format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)).into_bytes()), 4),
        (Response::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec()), 1),
    ];
    for (answer, code) in answers {
        let shown = format!("{answer:.60?}");
        let server = Server::start(move |_| answer.clone()).unwrap();
        let run = file(&server.url("/web.yaml"), &server).hld("generate").run();
        let found = run.status.code().unwrap();
        assert!(found == code || (code != 1 && [4, 6].contains(&found)), "{shown}: {run}");
        run.untouched();
        assert!(server.requests().len() <= 3, "{shown}");
    }
}

#[test]
fn b061_b072_a_server_that_never_ends() {
    let slowly = |head: &'static [u8]| {
        Server::start(move |_| {
            Response::script(move |out| {
                out.write_all(head)?;
                loop {
                    out.write_all(b"#")?;
                    out.flush()?;
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            })
        })
        .unwrap()
    };
    for head in [&b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\nx: y"] {
        let server = slowly(head);
        for world in [file(&server.url("/web.yaml"), &server), chart(&server.url("/repo"), &server, "")] {
            let settings = world.read("hld.yaml");
            world.write("hld.yaml", format!("{settings}limits: {{sourceSeconds: 1}}\n"));
            let run = world.rejects("generate", 1, &["error[HLD0811] component.yaml:5:11"]);
            run.mentions("sourceSeconds");
        }
        assert_eq!(server.requests().len(), 2, "nobody asks again");
    }
    let server = Server::start(|_| {
        Response::script(|out| {
            out.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
            loop {
                out.write_all(&[b'#'; 60_000])?;
            }
        })
    })
    .unwrap();
    let world = file(&server.url("/web.yaml"), &server);
    world.rejects("generate", 1, &["error[HLD0811] component.yaml:5:11"]);
}

#[test]
fn b098_b084_what_is_too_large() {
    let server = Server::start(repository).unwrap();
    let world = chart(&server.url("/repo"), &server, "");
    let settings = world.read("hld.yaml");
    for limit in ["indexBytes", "chartBytes"] {
        world.write("hld.yaml", format!("{settings}limits: {{{limit}: 100}}\n"));
        world.rejects("generate", 1, &["error[HLD0811] component.yaml:5:11"]).mentions(limit);
    }
    let server = Server::start(|_| Response::new(200, "#".repeat(3000))).unwrap();
    let world = file(&server.url("/web.yaml"), &server);
    let settings = world.read("hld.yaml");
    world.write("hld.yaml", format!("{settings}limits: {{manifestBytes: 2000}}\n"));
    world.rejects("generate", 1, &["error[HLD0811] component.yaml:5:11"]);
}

/// A helm that prints the name in the Chart.yaml of the chart `web` inside the chart.
const HELM_INSIDE: &str = "cat > /dev/null; test -f $3/Chart.yaml || exit 1; name=$(cat $3/charts/web/Chart.yaml | head -1 | cut -d' ' -f2); \
    printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: %s}\\n' $name";

/// A definition with a chart of its own that lists `web`.
fn parent(server: &Server, version: &str, lock: Option<&str>) -> World {
    let component = "name: shop\nsubcomponents:\n- name: app\n  type: helm\n  path: ./app\n";
    let list = |version: &str| {
        format!("dependencies:\n- name: web\n  version: '{version}'\n  repository: {}\n", server.url("/repo"))
    };
    let chart = format!("apiVersion: v2\nname: app\nversion: 1.0.0\n{}", list(version));
    let world = World::new(&[("component.yaml", component), ("app/Chart.yaml", &chart)]);
    if let Some(version) = lock {
        world.write("app/Chart.lock", list(version));
    }
    world.helm(HELM_INSIDE);
    allow(&world, &[server]);
    world
}

#[test]
fn charts_inside_a_chart_are_fetched_and_locked() {
    let server = Server::start(repository).unwrap();
    let world = parent(&server, "^1.2", None);
    world.hld("generate").run().exits(0);
    assert!(world.read("generated/common/app.yaml").contains("name: v1.10.0"));
    assert!(world.read("hld.lock").contains("resolved: 1.10.0"));
    assert!(!world.path("app/charts").exists());
    world.hld("generate --locked --offline").run().exits(0);
    let world = parent(&server, "^1.2", Some("1.2.0"));
    world.hld("generate").run().exits(0);
    assert!(world.read("generated/common/app.yaml").contains("name: v1.2.0"), "Chart.lock says so");
    let world = parent(&server, "^1.5", Some("1.2.0"));
    world.hld("generate").run().exits(0);
    assert!(
        world.read("generated/common/app.yaml").contains("name: v1.10.0"),
        "an old Chart.lock does not count"
    );
}

#[test]
fn b095_charts_inside_a_chart_that_can_not_be_had() {
    let server = Server::start(repository).unwrap();
    let world = parent(&server, "^9", None);
    let run = world.rejects("generate", 1, &["error[HLD0816] component.yaml:3:9"]);
    assert_eq!(run.all_reports().len(), 1, "helm is not asked: {run}");
    let world = parent(&server, "^1.2", None);
    world.write("hld.yaml", "apiVersion: hld.dev/v1\n");
    world.rejects("generate", 3, &["refused[HLD0803] component.yaml:3:9"]);
    for repository in ["file://../../../etc", "oci://example.org/x", "'@nothing'", "''"] {
        let chart = format!(
            "name: app\nversion: 1.0.0\ndependencies:\n- {{name: web, version: 1.0.0, repository: {repository}}}\n"
        );
        world.write("app/Chart.yaml", chart);
        world.is_fine();
    }
    let chart = format!(
        "name: app\nversion: 1.0.0\ndependencies:\n- {{name: ../../x, version: 1.0.0, repository: {}}}\n- null\n- 5\n",
        server.url("/repo")
    );
    world.write("app/Chart.yaml", chart);
    world.is_fine();
}

#[test]
fn charts_that_a_chart_holds_are_not_fetched() {
    let server = Server::start(repository).unwrap();
    for path in ["app/charts/web/Chart.yaml", "app/charts/web-1.10.0.tgz"] {
        let world = parent(&server, "^1.2", None);
        world.write(path, "name: held\n");
        world.hld("generate").run();
        assert!(!world.path("hld.lock").exists(), "{path}");
    }
    assert_eq!(server.requests().len(), 0);
}
