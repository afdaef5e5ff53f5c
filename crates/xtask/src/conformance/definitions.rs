//! Random definitions, and what Fabrikate made of them.

use std::path::Path;

use hld_testkit::{Files, Hld, Said, manifests, tools};
use rayon::prelude::*;
use serde_json::Value as Json;

use super::Case;

/// Rows at work at a time: each starts a helm for every chart.
const N_THREADS: usize = 2;

/// Compiles the definition of each row with the release hld and the real helm.
pub(super) fn check(rows: &[Json]) -> Result<Vec<Case>, String> {
    tools::require("helm", tools::HELM_4)?;
    let program = crate::build::release_hld()?;
    let hld = Hld::new(&program, &tools::cache_dir()?).map_err(|error| error.to_string())?;
    let threads =
        rayon::ThreadPoolBuilder::new().num_threads(N_THREADS).build().map_err(|error| error.to_string())?;
    Ok(threads.install(|| rows.par_iter().map(|row| (id(row), check_row(&hld, row))).collect()))
}

fn id(row: &Json) -> String {
    row["id"].as_str().unwrap_or("?").to_owned()
}

fn check_row(hld: &Hld, row: &Json) -> Result<(), String> {
    let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
    files(&row["files"]).write(folder.path()).map_err(|error| error.to_string())?;
    let environments = row["environments"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let arguments: Vec<&str> = ["--jobs", "1"].into_iter().chain(environments).collect();
    let told = hld.generate(folder.path(), &arguments).map_err(|error| error.to_string())?;
    let said = told.diagnostics()?;
    let written = Files::read(&folder.path().join("generated")).map_err(|error| error.to_string())?;
    match row["error"].as_str() {
        Some(error) => refused(error, told.exit_code, &said, folder.path()),
        None if told.exit_code == Some(0) => {
            let expected = files(&row["generated"]).without_empty();
            let differs =
                written.without(".hld").without_empty().difference(&expected, manifests::difference);
            differs.map_or(Ok(()), Err)
        }
        None => Err(format!("exit code {:?}\n{}{}", told.exit_code, Said::list(&said), told.stderr)),
    }
}

/// A tree of texts as JSON.
fn files(tree: &Json) -> Files {
    let entries = tree.as_object().into_iter().flatten();
    Files(entries.map(|(path, text)| (path.clone(), text.as_str().unwrap_or_default().into())).collect())
}

/// Where Fabrikate failed: exit code 1, nothing written, and the place named.
fn refused(error: &str, exit_code: Option<i32>, said: &[Said], folder: &Path) -> Result<(), String> {
    if exit_code != Some(1) {
        return Err(format!("exit code {exit_code:?}, should fail: {error}"));
    }
    if folder.join("generated").exists() {
        return Err(format!("fails, but has made `generated`: {error}"));
    }
    let is_named = match error.strip_prefix("chart: ") {
        Some(_) => said.iter().any(|said| said.code == "HLD0504"),
        None => {
            let path = conflicting_path(error);
            let named = format!("`{path}`");
            said.iter().any(|said| said.code == "HLD0301" && said.message.contains(&named))
        }
    };
    if is_named { Ok(()) } else { Err(format!("does not name the place of: {error}\n{}", Said::list(said))) }
}

/// The path of keys in an error of Fabrikate's merge: ``failed to merge field
/// `ComponentConfig.Subcomponents`: key 'web': …`` is `subcomponents.web…`.
fn conflicting_path(error: &str) -> String {
    let mut path = Vec::new();
    for part in error.split(": ") {
        if let Some(field) = part.strip_prefix("failed to merge field `ComponentConfig.") {
            path.push(field.trim_end_matches('`').to_lowercase());
        } else if let Some(key) = part.strip_prefix("key '") {
            path.push(key.trim_end_matches('\'').to_owned());
        }
    }
    path.join(".")
}

#[cfg(test)]
mod tests {
    use super::conflicting_path;

    #[test]
    fn the_path_of_keys_is_found_in_an_error() {
        let error = "failed to merge field `ComponentConfig.Subcomponents`: key 'c8': failed to merge field \
                     `ComponentConfig.Config`: key 'b': got non-map type (target: map; source: string)";
        assert_eq!(conflicting_path(error), "subcomponents.c8.config.b");
    }
}
