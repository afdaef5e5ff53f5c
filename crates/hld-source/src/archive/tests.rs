//! Archives that nobody makes by accident.

use flate2::Compression;
use flate2::write::GzEncoder;
use hld_diag::SOURCE_LIMIT;
use tar::{Builder, Header};

use super::*;

const LIMIT: Limit = Limit { bytes: 4 << 20, key: "chartBytes" };

/// A tar archive; names are written as they are, whatever they are.
struct Tar(Vec<u8>);

impl Tar {
    fn chart() -> Self {
        Tar(Vec::new()).with("web/Chart.yaml", EntryType::Regular, b"name: web\n")
    }

    fn with(mut self, name: &str, kind: EntryType, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o4777);
        header.set_mtime(1);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.set_size(0);
            header.as_old_mut().linkname[..content.len()].copy_from_slice(content);
        }
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        if !matches!(kind, EntryType::Symlink | EntryType::Link) {
            self.0.extend_from_slice(content);
            self.0.resize(self.0.len().next_multiple_of(512), 0);
        }
        self
    }

    fn packed(&self) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&self.0).unwrap();
        gzip.write_all(&[0; 1024]).unwrap();
        gzip.finish().unwrap()
    }

    fn unpack(&self) -> Result<Vec<String>, Diagnostic> {
        unpack(&self.packed())
    }
}

/// Unpacks beside a canary; the names of what is there.
fn unpack(packed: &[u8]) -> Result<Vec<String>, Diagnostic> {
    let folder = tempfile::TempDir::new().unwrap();
    let to = folder.path().join("to");
    std::fs::create_dir(&to).unwrap();
    let result = unpack_chart(packed, &to, LIMIT);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "something lies outside");
    result?;
    let mut names: Vec<String> = std::fs::read_dir(&to)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

#[test]
fn a_chart_is_unpacked_without_its_folder_and_its_modes() {
    let tar = Tar::chart().with("web/templates/a.yaml", EntryType::Regular, b"a").with(
        "./web/b/",
        EntryType::Directory,
        b"",
    );
    assert_eq!(tar.unpack().unwrap(), ["Chart.yaml", "b", "templates"]);
}

#[test]
fn b079_b082_names_that_lead_out_or_mean_something_else() {
    for name in [
        "../x",
        "/x",
        "web/../../x",
        "web\\..\\x",
        "C:/x",
        "//x",
        "./../x",
        "web/b/../../..",
        "web/.git/config",
        "web/.GIT/x",
        "web/a\u{1b}[2J",
    ] {
        let error = Tar::chart().with(name, EntryType::Regular, b"x").unpack().unwrap_err();
        assert_eq!(error.code, BAD_ENTRY, "{name}");
        assert!(!error.message.contains('\u{1b}'));
    }
}

#[test]
fn b080_b081_b086_links_and_devices() {
    let kinds = [
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Char,
        EntryType::Block,
        EntryType::Fifo,
        EntryType::Continuous,
        EntryType::new(b'Z'),
    ];
    for kind in kinds {
        let error = Tar::chart().with("web/x", kind, b"/etc").unpack().unwrap_err();
        assert_eq!(error.code, BAD_ENTRY, "{kind:?}");
    }
}

#[test]
fn b085_names_that_stand_twice() {
    for (one, two) in [("web/a", "web/a"), ("web/a", "web/A"), ("web/a", "web/a/b"), ("web/a/b", "web/a")] {
        let tar = Tar::chart().with(one, EntryType::Regular, b"1").with(two, EntryType::Regular, b"2");
        assert_eq!(tar.unpack().unwrap_err().code, BAD_ENTRY, "{one} {two}");
    }
}

#[test]
fn b084_bombs() {
    let zeros = Tar::chart().with("web/zeros", EntryType::Regular, &vec![0; 3 << 20]);
    assert_eq!(zeros.unpack().unwrap_err().code, SOURCE_LIMIT, "a thousand to one");
    let mut large = Vec::new();
    let mut seed = 1_u32;
    large.resize_with(5 << 20, || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    });
    let large = Tar::chart().with("web/large", EntryType::Regular, &large);
    let error = large.unpack().unwrap_err();
    assert!(error.code == SOURCE_LIMIT && error.hints[0].contains("chartBytes"), "{error:?}");
    let mut many = Tar::chart();
    for at in 0..=MOST_ENTRIES {
        many = many.with(&format!("web/{at}"), EntryType::Regular, b"");
    }
    assert_eq!(many.unpack().unwrap_err().code, SOURCE_LIMIT);
}

#[test]
fn b083_b087_b089_b090_what_is_no_whole_archive_of_a_chart() {
    let packed = Tar::chart().with("web/a", EntryType::Regular, &[7; 2000]).packed();
    for end in (0..packed.len()).step_by(7) {
        unpack(&packed[..end]).unwrap_err();
    }
    let mut flipped = Tar::chart();
    flipped.0[0] ^= 1;
    flipped.unpack().unwrap_err();
    for bytes in [&b"<html>"[..], b"apiVersion: v1", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b""] {
        unpack(bytes).unwrap_err();
    }
    Tar(Vec::new()).unpack().unwrap_err();
    Tar(Vec::new()).with("Chart.yaml", EntryType::Regular, b"").unpack().unwrap_err();
    Tar::chart().with("other/x", EntryType::Regular, b"").unpack().unwrap_err();
    Tar(Vec::new()).with("web/chart.txt", EntryType::Regular, b"").unpack().unwrap_err();
}

#[test]
fn b083_long_names_of_every_kind_are_one_name() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(1);
    let long = format!("web/{}/../../../x", "a".repeat(150));
    // The builder checks names itself: the long one is written as an entry of its own.
    header.set_entry_type(EntryType::GNULongName);
    header.set_size(long.len() as u64);
    header.set_cksum();
    builder.append(&header, long.as_bytes()).unwrap();
    let tar = Tar(builder.into_inner().unwrap()[..512 * 2].to_vec()).with("x", EntryType::Regular, b"x");
    assert_eq!(tar.unpack().unwrap_err().code, BAD_ENTRY);
    drop(folder);
}
