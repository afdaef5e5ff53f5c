//! Servers whose TLS is not as it should be (B074), asked by both of our ways: for files and by git.

use std::io::{Read, Write};
use std::net::TcpListener;

use hld_testkit::http::{Response, Server};
use hld_testkit::tls::{Authority, Clients, Identity, VALID};

use crate::support::{Run, World};

/// A definition with a source of each kind on the server `host:port`, over TLS.
fn definition(authority: &str) -> World {
    let component = format!(
        "name: shop\nsubcomponents:\n\
         - {{name: a, type: static, method: http, source: 'https://{authority}/web.yaml'}}\n\
         - {{name: b, type: helm, method: helm, source: 'https://{authority}/repo', path: web}}\n\
         - {{name: c, type: component, method: git, source: 'https://{authority}/app'}}\n"
    );
    let world = World::new(&[("component.yaml", &component)]);
    world.helm("exit 1");
    world.write("hld.yaml", format!("apiVersion: hld.dev/v1\ninsecure: ['{authority}']\n"));
    world.write("access.yaml", format!("https://{authority}/: HLD_TEST_TOKEN\n"));
    world
}

fn run(authority: &str, trusted: &Authority) -> Run {
    let world = definition(authority);
    std::fs::write(world.outside("home/authority.pem"), trusted.pem()).unwrap();
    world.hld("generate").env("SSL_CERT_FILE", world.outside("home/authority.pem")).run()
}

/// Asserts that each of the three sources is refused with these words, beside the name of the host.
fn refuses(authority: &str, trusted: &Authority, words: &str) {
    let run = run(authority, trusted);
    run.exits(4).untouched();
    let said: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error[HLD0804]")).collect();
    assert_eq!(said.len(), 3, "{run}");
    let text = run.stderr.replace("\n  ", " ").replace('\n', " ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(text.matches(words).count(), 3, "{words}: {run}");
    assert!(text.contains(authority), "{run}");
}

#[test]
fn b074_certificates_that_prove_nothing() {
    let trusted = Authority::new("Trusted").unwrap();
    let stranger = Authority::new("Stranger").unwrap();
    let identities = [
        (trusted.sign("127.0.0.1", (2020, 2021)), "its certificate has expired"),
        (trusted.sign("127.0.0.1", (2048, 2049)), "its certificate is not valid yet"),
        (trusted.sign("other.example", VALID), "its certificate is for another name"),
        (trusted.sign("127.0.0.2", VALID), "its certificate is for another name"),
        (stranger.sign("127.0.0.1", VALID), "signed by no authority that this machine trusts"),
        (Identity::self_signed("127.0.0.1"), "signed by no authority that this machine trusts"),
    ];
    for (identity, words) in identities {
        let server =
            Server::start_with_tls((&identity.unwrap(), Clients::Anybody), |_| Response::new(200, ""))
                .unwrap();
        refuses(&server.authority(), &trusted, words);
        assert_eq!(server.requests(), [], "nothing was asked, and no token sent");
    }
}

#[test]
fn b074_authorities_of_too_little_and_too_many_of_them() {
    let ten = Authority::for_ten("Ten").unwrap();
    let trusted = Authority::new("Trusted").unwrap();
    let many = trusted.sign("127.0.0.1", VALID).unwrap().behind(1000);
    for (identity, authority, words) in [
        (ten.sign("127.0.0.1", VALID), &ten, "an authority that may not sign for this name"),
        (many, &trusted, "it shows more certificates than anybody needs"),
    ] {
        let server =
            Server::start_with_tls((&identity.unwrap(), Clients::Anybody), |_| Response::new(200, ""))
                .unwrap();
        refuses(&server.authority(), authority, words);
        assert_eq!(server.requests(), []);
    }
}

#[test]
fn b074_a_good_certificate_is_good() {
    let trusted = Authority::new("Trusted").unwrap();
    let identity = trusted.sign("127.0.0.1", VALID).unwrap();
    let server = Server::start_with_tls((&identity, Clients::Anybody), |_| Response::new(404, "")).unwrap();
    let run = run(&server.authority(), &trusted);
    run.exits(4).mentions("it answers 404");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn b074_a_server_that_wants_to_know_its_clients() {
    let trusted = Authority::new("Trusted").unwrap();
    let identity = trusted.sign("127.0.0.1", VALID).unwrap();
    let server =
        Server::start_with_tls((&identity, Clients::WithCertificate), |_| Response::new(200, "")).unwrap();
    refuses(&server.authority(), &trusted, "it asks for a certificate of the client");
    assert_eq!(server.requests(), []);
}

/// A server that answers each connection with these bytes.
fn raw(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 5];
            stream.read_exact(&mut head).unwrap();
            let length = u16::from_be_bytes([head[3], head[4]]);
            stream.read_exact(&mut vec![0; length.into()]).unwrap();
            stream.write_all(&answer).ok();
        }
    });
    authority
}

#[test]
fn b074_tls_of_old() {
    let trusted = Authority::new("Trusted").unwrap();
    // "I speak TLS 1.0" and "I speak TLS 1.1" (RFC 5246, 7.4.1.3), and "I do not speak yours".
    let hello = |minor: u8| {
        let body = [&[3, minor][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
        let length = u8::try_from(body.len()).unwrap();
        [&[22, 3, minor, 0, length + 4, 2, 0, 0, length][..], &body].concat()
    };
    for answer in [hello(1), hello(2), vec![21, 3, 1, 0, 2, 2, 70]] {
        refuses(&raw(answer), &trusted, "it speaks neither TLS 1.2 nor TLS 1.3");
    }
    let run = run(&raw(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), &trusted);
    run.exits(4).mentions("can not be trusted");
}
