//! Hostile texts end in errors, on a stack of 1 MiB.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use hld_diag::FileId;
use hld_yaml::{Dialect, Documents, ErrorKind, Limit, Limits, ReadOptions, parse, read, read_json, scan};

/// Runs `check` on the stack of an ordinary thread of a small system.
fn on_small_stack(check: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(check).unwrap();
    thread.join().unwrap();
}

fn large() -> Limits {
    Limits { bytes: 64 << 20, ..Limits::default() }
}

fn limit_of(text: &str, limits: &Limits) -> Option<Limit> {
    let mut found = None;
    for dialect in [Dialect::V2, Dialect::V3, Dialect::Fabrikate] {
        let options =
            ReadOptions { dialect, limits: limits.clone(), documents: Documents::First, strict: false };
        found = match read(text, FileId::NONE, &options).map_err(|error| error.kind) {
            Err(ErrorKind::Limit(limit)) => Some(limit),
            _ => return None,
        };
    }
    found
}

#[test]
fn deep_nesting_reaches_the_depth_limit() {
    on_small_stack(|| {
        let flow = ["[".repeat(1_000_000), "{a: ".repeat(100_000), "- ".repeat(10_000), "? ".repeat(10_000)];
        let block = (0..3000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
        for text in flow.iter().chain([&block]) {
            assert_eq!(limit_of(text, &large()), Some(Limit::Depth { limit: 128 }));
            assert!(scan(text, FileId::NONE, &large()).is_err());
            assert!(parse(text, FileId::NONE, &large()).is_err());
        }
        assert!(read_json(&flow[0], FileId::NONE, &large()).is_err());
        assert!(read_json(&"{\"a\":".repeat(100_000), FileId::NONE, &large()).is_err());
    });
}

#[test]
fn the_deepest_that_may_be_asked_for_fits_the_stack() {
    on_small_stack(|| {
        let limits = Limits { depth: usize::MAX, ..Limits::default() };
        let n = Limits::MAX_DEPTH;
        let texts = [
            format!("{}{}", "[".repeat(n), "]".repeat(n)),
            format!("&a {}1{}", "[".repeat(n), "]".repeat(n)),
            format!("{}1{}", "{a: ".repeat(n), "}".repeat(n)),
        ];
        for text in texts {
            for dialect in [Dialect::V2, Dialect::V3] {
                let options = ReadOptions { dialect, limits: limits.clone(), ..ReadOptions::default() };
                let value = read(&text, FileId::NONE, &options).unwrap().documents.remove(0);
                assert_eq!(value, value.clone());
                let written = hld_yaml::emit(&value);
                assert_eq!(read(&written, FileId::NONE, &options).unwrap().documents[0], value);
            }
        }
        assert!(
            read(&"[".repeat(n + 1), FileId::NONE, &ReadOptions { limits, ..ReadOptions::default() })
                .is_err()
        );
    });
}

#[test]
fn alias_bombs_reach_a_limit() {
    on_small_stack(|| {
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..9 {
            let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
            laughs += &format!("a{n}: &a{n} [{aliases}]\n");
        }
        assert!(matches!(limit_of(&laughs, &large()), Some(Limit::AliasRatio | Limit::Nodes { .. })));
        let mut merges = "a0: &a0 {k: 1}\n".to_owned();
        for n in 1..40 {
            merges += &format!("a{n}: &a{n} {{<<: [*a{0}, *a{0}], k{n}: 1}}\n", n - 1);
        }
        assert!(matches!(limit_of(&merges, &large()), Some(Limit::AliasRatio | Limit::Nodes { .. })));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(50_000), vec!["*a"; 50_000].join(", "));
        let limit = Limit::ExpandedBytes { limit: Limits::default().expanded_bytes };
        assert_eq!(limit_of(&long, &large()), Some(limit));
        let keys = format!("a: &a {}\nb: [{}]\n", "x".repeat(50_000), vec!["{*a : 1}"; 5000].join(", "));
        assert!(limit_of(&keys, &large()).is_some());
    });
}

#[test]
fn large_keys_and_many_nodes_reach_a_limit() {
    let key = format!("? {}\n: 1\n", "k".repeat(70_000));
    assert_eq!(limit_of(&key, &large()), Some(Limit::KeyBytes { limit: 65_536, seen: 70_000 }));
    let many = "---\n".repeat(2_000_000);
    let options = ReadOptions { limits: large(), documents: Documents::All, ..ReadOptions::default() };
    let error = read(&many, FileId::NONE, &options).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit(Limit::Nodes { limit: 1_000_000 }));
    assert!(scan(&many, FileId::NONE, &large()).is_err());
    assert!(read_json(&format!("[{}1]", "1,".repeat(1_500_000)), FileId::NONE, &large()).is_err());
}

#[test]
fn long_texts_take_time_in_proportion() {
    // Each of these took quadratic time in one YAML library or another.
    let texts = [
        "a: [".to_owned() + &"x, ".repeat(300_000) + "]\n",
        "{".to_owned() + &"a: 1, ".repeat(100_000) + "}\n",
        "? ".to_owned() + &"x ".repeat(500_000) + "\n",
        "a: \"".to_owned() + &"x\n".repeat(400_000) + "\"\n",
        "a: |\n".to_owned() + &"  x\n".repeat(400_000),
        "a: x\n".to_owned() + &"# comment\n".repeat(300_000),
        (0..100_000).map(|n| format!("k{n}: 1\n")).collect(),
        "a: [".to_owned() + &"a: b, ".repeat(200_000) + "]\n",
        "a: ".to_owned() + &"x\n ".repeat(500_000) + "\n",
        "--- !a\n".repeat(100_000),
        "a: [".to_owned() + &"!a b, ".repeat(200_000) + "]\n",
    ];
    for text in texts {
        let options = ReadOptions { limits: large(), ..ReadOptions::default() };
        let _ = read(&text, FileId::NONE, &options);
        let _ = parse(&text, FileId::NONE, &large());
    }
}
