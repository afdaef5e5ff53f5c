//! Folders mounted among the definition's files.

use std::path::Path;
use std::sync::Arc;

use hld_compiler::{Source, SourceError};
use hld_source::{Files, Folders, Overlay};

use crate::{path, text};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::TempDir::new().unwrap();
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    hld_testkit::Files(files.collect()).write(folder.path()).unwrap();
    folder
}

fn files(folder: &Path) -> Files {
    Files::open(&folder.canonicalize().unwrap()).unwrap()
}

#[test]
fn the_innermost_mount_serves_a_path() {
    let (base, outer, inner) = (
        folder(&[("a/own", "own"), ("ab/own", "own")]),
        folder(&[("x", "outer")]),
        folder(&[("x", "inner")]),
    );
    let overlay = Overlay::new(files(base.path()));
    overlay.mount(&path("a/m"), Arc::new(files(outer.path())));
    overlay.mount(&path("a/m/components/n"), Arc::new(files(inner.path())));
    assert_eq!(text(&overlay, "a/own").as_deref(), Ok("own"));
    assert_eq!(text(&overlay, "a/m/x").as_deref(), Ok("outer"));
    assert_eq!(text(&overlay, "a/m/components/n/x").as_deref(), Ok("inner"));
    assert_eq!(text(&overlay, "ab/own").as_deref(), Ok("own"));
    assert_eq!(text(&overlay, "a/mm/x"), Err(SourceError::NotFound));
    assert_eq!(overlay.list(&path("a/m")).unwrap().len(), 1);
}

#[test]
fn b055_no_link_leads_from_one_folder_into_another() {
    let (base, mounted) = (folder(&[("secret", "s")]), folder(&[("x", "x")]));
    for (name, target) in [("up", "../secret"), ("absolute", "/etc/hostname")] {
        std::os::unix::fs::symlink(target, mounted.path().join(name)).unwrap();
    }
    let overlay = Overlay::new(files(base.path()));
    overlay.mount(&path("m"), Arc::new(files(mounted.path())));
    for name in ["m/up", "m/absolute"] {
        assert_eq!(text(&overlay, name), Err(SourceError::Outside), "{name}");
    }
}

#[test]
fn programs_get_one_folder_with_everything() {
    let (base, chart, part) =
        (folder(&[]), folder(&[("Chart.yaml", "name: web")]), folder(&[("Chart.yaml", "name: part")]));
    let overlay = Overlay::new(files(base.path()));
    overlay.mount(&path("helm_repos/web"), Arc::new(files(chart.path())));
    assert_eq!(overlay.folder(&path("helm_repos/web")).unwrap(), chart.path().canonicalize().unwrap());
    assert_eq!(overlay.machine_path(&path("helm_repos/web")), None, "it is not the definition's own");
    overlay.mount(&path("helm_repos/web/charts/part"), Arc::new(files(part.path())));
    let copy = overlay.folder(&path("helm_repos/web")).unwrap();
    assert_eq!(std::fs::read_to_string(copy.join("Chart.yaml")).unwrap(), "name: web");
    assert_eq!(std::fs::read_to_string(copy.join("charts/part/Chart.yaml")).unwrap(), "name: part");
}
