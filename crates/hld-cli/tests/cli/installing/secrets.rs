//! A token in use, and everything that can go wrong meanwhile (B039).

use hld_testkit::http::{Response, Server};
use hld_testkit::tls::{Clients, Identity};

use super::support::{base64, files_of_cache};
use crate::support::{Run, SECRET, World};

/// A definition with a source of each kind below `url`, and a token for all of them.
fn definition(url: &str, more: &str) -> World {
    let authority = url.split('/').nth(2).unwrap();
    let component = format!(
        "name: shop\nsubcomponents:\n\
         - {{name: a, type: static, method: http, source: '{url}/web.yaml'}}\n\
         - {{name: b, type: helm, method: helm, source: '{url}/repo', path: web}}\n\
         - {{name: c, type: component, method: git, source: '{url}/app'}}\n"
    );
    let world = World::new(&[("component.yaml", &component)]);
    world.helm(&format!("(echo \"$@\"; env) >> {}; exit 1", world.outside("cache/children").display()));
    world.write("hld.yaml", format!("apiVersion: hld.dev/v1\ninsecure: ['{authority}']\n{more}"));
    world.write("access.yaml", format!("{url}/: HLD_TEST_TOKEN\n"));
    world
}

/// Runs it as talkative as it gets. What holds for every run holds for the token in its other forms as well.
fn fails(world: &World) -> Run {
    let run = world
        .hld("generate")
        .env("RUST_LOG", "trace")
        .env("HLD_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .env("GIT_TRACE", "1")
        .env("GIT_CURL_VERBOSE", "1")
        .run();
    assert!([1, 3, 4, 6].contains(&run.status.code().unwrap()), "{run}");
    let login = base64(format!("x-access-token:{SECRET}").as_bytes());
    for form in [login.as_str(), &base64(SECRET.as_bytes())] {
        assert!(!run.stdout.contains(form) && !run.stderr.contains(form), "{run}");
        for path in files_of_cache(world, "") {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(form.len()).any(|at| at == form.as_bytes()), "{}", path.display());
        }
    }
    assert!(!world.path("hld.lock").exists());
    run
}

/// Whether the token was sent, in one form or the other.
fn was_sent(server: &Server) -> bool {
    server.requests().iter().any(|request| request.header("authorization").is_some())
}

#[test]
fn b039_a_token_and_what_a_server_answers() {
    let asks = |status| Response::new(status, "no").header("www-authenticate", "Basic realm=\"x\"");
    let echo = format!("{SECRET} ##vso[x]");
    let answers = [
        asks(401),
        Response::new(401, "no"),
        Response::new(403, "no"),
        Response::new(404, "no"),
        Response::new(429, "no").header("retry-after", "1"),
        Response::new(500, "no"),
        Response::new(200, "<html>log in</html>").header("content-type", "text/html"),
        Response::redirect(302, "https://127.0.0.1:1/x"),
        Response::redirect(302, "https://elsewhere.invalid/x"),
        Response::Lost,
        Response::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nab".to_vec()),
        Response::Raw(b"nonsense\r\n\r\n".to_vec()),
        // It says to us what we said to it.
        Response::new(404, echo.clone()).header("x", &echo),
        Response::new(200, "x").header("content-type", &echo),
        Response::redirect(302, &format!("https://elsewhere.invalid/{SECRET}")),
        Response::redirect(302, &format!("https://{SECRET}@elsewhere.invalid/")),
        Response::redirect(302, &format!("ftp://{SECRET}.invalid/{SECRET}")),
        Response::new(429, "no").header("retry-after", SECRET),
        Response::Raw(format!("HTTP/1.1 999 {echo}\r\ncontent-type: y\r\n\r\n{echo}").into_bytes()),
        Response::Raw(format!("{echo}\r\n\r\n").into_bytes()),
    ];
    for answer in answers {
        let asks = asks(401);
        let shown = format!("{answer:.60?}");
        let server = Server::start(move |request| match request.header("authorization") {
            // git sends a login only where one is asked for.
            None if request.path().starts_with("/app") => asks.clone(),
            _ => answer.clone(),
        })
        .unwrap();
        fails(&definition(&server.url(""), ""));
        assert!(was_sent(&server), "{shown}");
        let requests = server.requests();
        let mut by_git = requests.iter().filter(|request| request.path().starts_with("/app"));
        assert!(by_git.any(|request| request.header("authorization").is_some()), "{shown}");
    }
}

#[test]
fn b039_a_token_and_a_server_that_is_not_there() {
    fails(&definition("https://nowhere.invalid", "")).exits(6);
    fails(&definition("http://127.0.0.1:1", "")).exits(6);
    let stalls = Server::start(|_| {
        Response::script(|_| {
            std::thread::sleep(std::time::Duration::from_secs(10));
            Ok(())
        })
    })
    .unwrap();
    fails(&definition(&stalls.url(""), "limits: {sourceSeconds: 1}\n"));
    let identity = Identity::self_signed("127.0.0.1").unwrap();
    let server = Server::start_with_tls((&identity, Clients::Anybody), |_| Response::new(200, "")).unwrap();
    fails(&definition(&server.url(""), "")).exits(4);
    assert_eq!(server.requests(), []);
}
