//! Servers that take their time, or say too much (B061).

use std::sync::Arc;
use std::time::Duration;

use hld_git::{ErrorKind, Limits, NoCredentials};
use hld_testkit::http::{Response, Server};

use crate::support::{
    ID, begin, fails_to_fetch, few, for_ever, head, line, list, ours, packet, remote, serving, slowly,
};

#[test]
fn b061_a_list_that_never_ends() {
    let lines: [Vec<u8>; 3] =
        [packet(&line("refs/heads/x", false)), packet(b"# hello\n"), packet(&[b'x'; 60_000])];
    for endless in lines {
        let server = Server::start(move |_| {
            let endless = endless.clone();
            Response::script(move |out| {
                out.write_all(&[head("advertisement"), begin(), packet(&line("HEAD", true))].concat())?;
                for_ever(out, &endless)
            })
        })
        .unwrap();
        let error = fails_to_fetch(&server);
        assert!([ErrorKind::Limit, ErrorKind::Protocol].contains(&error.kind), "{:?}: {error}", error.kind);
    }
}

#[test]
fn b061_a_server_that_is_slow() {
    let server = Server::start(|_| {
        Response::script(|out| {
            out.write_all(&[head("advertisement"), begin()].concat())?;
            slowly(out, b"ffff")
        })
    })
    .unwrap();
    let error = fails_to_fetch(&server);
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
    // One object of 40,000 bytes, as it is.
    let pack = b"\x01PACK\0\0\0\x02\0\0\0\x01\xb0\xc4\x13\x78\x01\x01\x40\x9c\xbf\x63";
    let server = serving(|out| slowly(out, &packet(&[&pack[..], &[b'x'; 40_000]].concat())));
    let error = fails_to_fetch(&server);
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
    let server =
        Server::start(|_| Response::script(|out| slowly(out, b"HTTP/1.1 200 OK\r\nx: yyyyyyyyyyyyyyyy")))
            .unwrap();
    let error = fails_to_fetch(&server);
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
}

#[test]
fn b061_progress_without_end() {
    let server = serving(|out| for_ever(out, &packet(b"\x02still counting\r")));
    let error = fails_to_fetch(&server);
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
    let server = serving(|out| for_ever(out, &packet(b"NAK\n")));
    let error = fails_to_fetch(&server);
    assert!([ErrorKind::Limit, ErrorKind::Protocol].contains(&error.kind), "{:?}: {error}", error.kind);
    let server = Server::start(|request| match request.method.as_str() {
        "GET" => list(&[line("HEAD", true), line("refs/heads/main", false)]),
        _ => Response::script(|out| {
            out.write_all(&head("result"))?;
            for_ever(out, &packet(format!("shallow {ID}").as_bytes()))
        }),
    })
    .unwrap();
    let error = fails_to_fetch(&server);
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");
}

#[test]
fn b061_a_server_that_stalls_or_hangs_up() {
    let limits = Limits { silence: Duration::from_millis(300), seconds: 60, ..few() };
    let wait = || std::thread::sleep(Duration::from_secs(5));
    let stalls = Server::start(move |_| {
        Response::script(move |out| {
            out.write_all(&[head("advertisement"), begin()].concat())?;
            wait();
            Ok(())
        })
    })
    .unwrap();
    let (_folder, ours) = ours();
    let there = remote(&stalls.url("/app"), Arc::new(NoCredentials));
    let error = ours.list(&there, &limits).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Network, "{error}");
    assert!(error.message.contains("said nothing"), "{error}");
    for cut in [Vec::new(), head("advertisement"), [head("advertisement"), begin(), b"00".to_vec()].concat()]
    {
        let server = Server::start(move |_| Response::Raw(cut.clone())).unwrap();
        let error = fails_to_fetch(&server);
        assert_eq!(error.kind, ErrorKind::Network, "{error}");
    }
    let server = serving(|out| out.write_all(&packet(b"\x01PACK\0\0\0\x02\0\0\0\x01xxx")));
    assert_eq!(fails_to_fetch(&server).kind, ErrorKind::Network);
}

#[test]
fn b061_other_versions_of_the_protocol() {
    for first in ["version 2\n", "version 1\n", "version 99\n"] {
        let body = [packet(first.as_bytes()), packet(b"ls-refs\n"), b"0000".to_vec()].concat();
        let kind = "application/x-git-upload-pack-advertisement";
        let server =
            Server::start(move |_| Response::new(200, body.clone()).header("content-type", kind)).unwrap();
        let error = fails_to_fetch(&server);
        assert_eq!(error.kind, ErrorKind::Protocol, "{error}");
        assert!(server.requests().iter().all(|request| request.header("git-protocol").is_none()));
    }
}
