//! What comes over HTTP: a chart of a chart repository, and single files.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use hld_diag::{BAD_SOURCE, DIGEST_MISMATCH, Diagnostic, Secret, Span};
use url::Url;

use crate::address::{refused, shown};
use crate::digest::Digest;
use crate::fetch::{Fetched, World};
use crate::http::Limit;
use crate::index::Index;
use crate::{access, archive};

/// Indexes that this run has read, by the address of their repository.
pub(crate) type Indexes = Mutex<HashMap<String, Arc<Index>>>;

/// Fetches a chart: the release that is asked for, or the one that it was locked to.
pub(crate) fn fetch_chart(
    world: &World<'_>,
    (repository, name): (&str, &str),
    wanted: &str,
) -> Result<Fetched, Diagnostic> {
    let base = world.addresses.http(&format!("{}/", repository.trim_end_matches('/')))?;
    let token = token(world, repository, &base)?;
    let index = index(world, (repository, &base), token.as_ref())?;
    let release = index.find(name, wanted)?;
    let url = match Url::parse(&release.url) {
        Ok(_) => world.addresses.http(&release.url)?,
        Err(_) => {
            let joined = base.join(&release.url).map(String::from).unwrap_or_default();
            world.addresses.checked_http(&joined).map_err(|problem| refused(&joined, &problem))?
        }
    };
    // What a fetched file names gets no token, but for the same place.
    let token = token.filter(|_| url.origin() == base.origin());
    let limit = Limit { bytes: world.limits.chart_bytes, key: "chartBytes" };
    let packed = world.client.get(&url, token.as_ref(), limit)?;
    if let Some(digest) = &release.digest {
        check(&packed, digest, &url)?;
    }
    let scratch = world.cache.scratch()?;
    let folder = scratch.path().join("tree");
    std::fs::create_dir(&folder).map_err(|error| world.cache.failed(&error))?;
    archive::unpack_chart(&packed, &folder, limit)?;
    let (digest, files) = world.cache.keep(&folder)?;
    Ok(Fetched { resolved: release.version, digest, files })
}

/// The index of a chart repository, read once.
fn index(
    world: &World<'_>,
    (repository, base): (&str, &Url),
    token: Option<&Secret>,
) -> Result<Arc<Index>, Diagnostic> {
    let known =
        world.indexes.lock().expect("nothing panics while it holds the lock").get(repository).cloned();
    if let Some(index) = known {
        return Ok(index);
    }
    let url = base.join("index.yaml").unwrap_or_else(|_| base.clone());
    let limit = Limit { bytes: world.limits.index_bytes, key: "indexBytes" };
    let bytes = world.client.get(&url, token, limit)?;
    let index = Arc::new(Index::read(&bytes, repository, limit)?);
    let mut indexes = world.indexes.lock().expect("nothing panics while it holds the lock");
    Ok(indexes.entry(repository.to_owned()).or_insert(index).clone())
}

/// Fetches one file as the folder that holds it.
pub(crate) fn fetch_file(world: &World<'_>, (source, name): (&str, &str)) -> Result<Fetched, Diagnostic> {
    let lower = source.to_ascii_lowercase();
    if !lower.ends_with(".yaml") && !lower.ends_with(".yml") {
        let message = format!("the source `{}` does not end in .yaml or .yml", shown(source));
        return Err(Diagnostic::new(BAD_SOURCE, Span::NONE, message)
            .hint("`method: http` takes the address of one manifest, as Fabrikate does"));
    }
    let is_name = Path::new(name).file_name().is_some_and(|last| last == name) && !name.starts_with('.');
    if !is_name {
        let message = format!("`{name}` can not be the name of a file");
        return Err(Diagnostic::new(BAD_SOURCE, Span::NONE, message).hint("give the component another name"));
    }
    let url = world.addresses.http(source)?;
    let token = token(world, source, &url)?;
    let limit = Limit { bytes: world.limits.manifest_bytes, key: "manifestBytes" };
    let bytes = world.client.get(&url, token.as_ref(), limit)?;
    let scratch = world.cache.scratch()?;
    let folder = scratch.path().join("tree");
    let written = std::fs::create_dir(&folder).and_then(|()| std::fs::write(folder.join(name), bytes));
    written.map_err(|error| world.cache.failed(&error))?;
    let (digest, files) = world.cache.keep(&folder)?;
    Ok(Fetched { resolved: String::new(), digest, files })
}

/// The token for a source: what access.yaml names for the address that is asked, else the host's own.
fn token(world: &World<'_>, source: &str, url: &Url) -> Result<Option<Secret>, Diagnostic> {
    let asked = if world.addresses.is_mirrored(source) { url.as_str() } else { source };
    if let Some(token) = world.access.token(asked, &*world.environment)? {
        return Ok(Some(token));
    }
    let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
    let token = access::host_token(host, port, &*world.environment);
    Ok(token.or_else(|| access::ci_token(url.as_str(), &*world.environment)))
}

/// Compares an archive with the digest that the index has for it.
fn check(packed: &[u8], expected: &str, url: &Url) -> Result<(), Diagnostic> {
    let found = Digest::of_bytes(packed);
    if found.digits() == expected.to_ascii_lowercase() {
        return Ok(());
    }
    let message = format!(
        "`{}` is not what the index of its repository says: sha256:{} instead of {expected}",
        shown(url.as_str()),
        found.digits()
    );
    Err(Diagnostic::new(DIGEST_MISMATCH, Span::NONE, message)
        .hint("the repository is broken, or somebody changed the archive: ask who publishes it"))
}
