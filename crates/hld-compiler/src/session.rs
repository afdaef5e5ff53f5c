//! One run over one definition: what is loaded once and shared by all its environments.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use hld_diag::{
    CONFIG_CASE_COLLISION, Diagnostic, EMPTY_FILE, ENCODING, FileId, JSON_TWIN, LFS_POINTER, OUTSIDE_ROOT,
    READER_LIMIT, SourceMap, Span, UNREADABLE,
};

use crate::chart::ChartEngine;
use crate::component::{self, ChartOptions, Component};
use crate::config::{self, Config};
use crate::dependencies::{self, Dependency};
use crate::environment::COMMON;
use crate::limits::Limits;
use crate::memo::Memo;
use crate::path::SourcePath;
use crate::raw::{FileText, Form};
use crate::settings::Settings;
use crate::source::{Entry, EntryKind, Source, SourceError};

/// What the text begins with that Git LFS puts in the place of a file.
const LFS_HEAD: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// The world and the caches of one run.
pub struct Session<'w> {
    source: &'w dyn Source,
    charts: &'w dyn ChartEngine,
    sources: SourceMap,
    root: SourcePath,
    settings: Settings,
    listings: Memo<SourcePath, Arc<Result<Vec<Entry>, SourceError>>>,
    components: Memo<SourcePath, Arc<LoadedComponent>>,
    configs: Memo<(SourcePath, String), Arc<LoadedConfig>>,
    dependencies: Memo<SourcePath, Arc<Vec<Dependency>>>,
    config_names: Mutex<BTreeSet<String>>,
}

/// A component file, read.
#[derive(Debug, Default)]
pub(crate) struct LoadedComponent {
    /// The component, if there is one that can be used.
    pub(crate) component: Option<Arc<Component>>,
    /// Whether the folder has no component file.
    pub(crate) is_missing: bool,
    /// What there is to say about it.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A config file, read.
#[derive(Debug, Default)]
pub(crate) struct LoadedConfig {
    /// What it says; `None` where there is no such file.
    pub(crate) config: Option<Arc<Config>>,
    /// What there is to say about it.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl<'w> Session<'w> {
    /// A run over the definition whose root component is in the folder `root` of `source`.
    #[must_use]
    pub fn new(
        source: &'w dyn Source,
        charts: &'w dyn ChartEngine,
        root: SourcePath,
        settings: Settings,
    ) -> Self {
        Session {
            source,
            charts,
            sources: SourceMap::default(),
            root,
            settings,
            listings: Memo::default(),
            components: Memo::default(),
            configs: Memo::default(),
            dependencies: Memo::default(),
            config_names: Mutex::default(),
        }
    }

    /// The texts that diagnostics of this run point into.
    #[must_use]
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The folder of the root component.
    #[must_use]
    pub fn root(&self) -> &SourcePath {
        &self.root
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.settings.limits
    }

    /// What holds for a chart whose component says this.
    pub(crate) fn chart_options(&self, said: ChartOptions) -> (bool, bool) {
        let default = self.settings.chart;
        let fabrikate = said.compat_fabrikate.or(default.compat_fabrikate).unwrap_or(false);
        let keep_hooks = said.keep_hooks.or(default.keep_hooks).unwrap_or(fabrikate);
        (fabrikate, keep_hooks)
    }

    /// Bounds for one stream of manifests.
    pub(crate) fn manifest_limits(&self) -> hld_yaml::Limits {
        let bytes = usize::try_from(self.limits().output_bytes).unwrap_or(usize::MAX);
        hld_yaml::Limits::of_bytes(bytes)
    }

    pub(crate) fn charts(&self) -> &'w dyn ChartEngine {
        self.charts
    }

    pub(crate) fn absolute(&self, path: &str) -> Option<SourcePath> {
        self.source.absolute(path)
    }

    /// What there is to say about the source that belongs at `mount`.
    pub(crate) fn remarks(&self, mount: &SourcePath) -> Vec<Diagnostic> {
        self.source.remarks(mount)
    }

    /// A path as diagnostics show it: relative to the definition's folder.
    #[must_use]
    pub fn shown(&self, path: &SourcePath) -> String {
        path.relative_to(&self.root)
    }

    /// Every config name that the loaded components have a file for.
    pub(crate) fn known_configs(&self) -> Vec<String> {
        self.config_names.lock().expect("nothing panics while it holds the lock").iter().cloned().collect()
    }

    /// The entries of a folder.
    pub(crate) fn list(&self, folder: &SourcePath) -> Arc<Result<Vec<Entry>, SourceError>> {
        self.listings.get(folder.clone(), || Arc::new(self.source.list(folder)))
    }

    pub(crate) fn exists(&self, folder: &SourcePath) -> bool {
        !matches!(&*self.list(folder), Err(SourceError::NotFound))
    }

    pub(crate) fn has_file(&self, folder: &SourcePath, name: &str) -> bool {
        self.entry(folder, name).is_some()
    }

    fn entry(&self, folder: &SourcePath, name: &str) -> Option<EntryKind> {
        let listing = self.list(folder);
        let entries = listing.as_ref().as_ref().ok()?;
        let found = entries.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        Some(entries[found].kind)
    }

    /// The component file of a folder: `component.yaml`, else `component.json`.
    pub(crate) fn component(&self, dir: &SourcePath) -> Arc<LoadedComponent> {
        self.components.get(dir.clone(), || Arc::new(self.load_component(dir)))
    }

    fn load_component(&self, dir: &SourcePath) -> LoadedComponent {
        let mut loaded = LoadedComponent::default();
        if let Err(error @ (SourceError::Outside | SourceError::Io(_))) = &*self.list(dir) {
            loaded.diagnostics.push(self.unreadable(dir, error));
            return loaded;
        }
        let Some((path, form)) = self.pick(dir, "component", &mut loaded.diagnostics) else {
            loaded.is_missing = true;
            return loaded;
        };
        match self.text(&path, self.limits().file_bytes) {
            Ok((file, text)) => {
                let decoded = component::decode(FileText { text: &text, file, form });
                loaded.component = decoded.0.map(Arc::new);
                loaded.diagnostics.extend(decoded.1);
            }
            Err(diagnostic) => loaded.diagnostics.push(diagnostic),
        }
        loaded
    }

    /// The charts that the chart in a folder lists.
    pub(crate) fn dependencies(&self, folder: &SourcePath) -> Arc<Vec<Dependency>> {
        self.dependencies.get(folder.clone(), || dependencies::read(self, folder))
    }

    /// The config file `config/<name>.yaml`, else `.json`, of a component's folder.
    pub(crate) fn config(&self, dir: &SourcePath, name: &str) -> Arc<LoadedConfig> {
        self.configs.get((dir.clone(), name.to_owned()), || Arc::new(self.load_config(dir, name)))
    }

    fn load_config(&self, dir: &SourcePath, name: &str) -> LoadedConfig {
        let mut loaded = LoadedConfig::default();
        let folder = dir.child("config");
        if !self.has_file(dir, "config") {
            return loaded;
        }
        if let Err(error) = &*self.list(&folder) {
            loaded.diagnostics.push(self.unreadable(&folder, error));
            return loaded;
        }
        self.note_config_names(&folder);
        loaded.diagnostics.extend(self.case_collision(&folder, name));
        let Some((path, form)) = self.pick(&folder, name, &mut loaded.diagnostics) else { return loaded };
        match self.private_text(&path) {
            Ok((file, text)) if form == Form::Json && text.trim().is_empty() => {
                let message = format!("`{}` is empty: it is no JSON", self.shown(&path));
                let empty = Diagnostic::new(EMPTY_FILE, Span::start_of(file), message);
                let hint = "write `{}`, or remove the file";
                loaded.diagnostics.push(empty.severity(hld_diag::Severity::Error).hint(hint));
            }
            Ok((file, text)) => {
                let (config, diagnostics) = config::decode(FileText { text: &text, file, form });
                loaded.config = Some(Arc::new(config.unwrap_or_else(Config::empty)));
                loaded.diagnostics.extend(diagnostics.into_iter().map(config::without_values));
            }
            Err(diagnostic) => {
                loaded.config = Some(Arc::new(Config::empty()));
                loaded.diagnostics.push(diagnostic);
            }
        }
        loaded
    }

    fn note_config_names(&self, folder: &SourcePath) {
        let listing = self.list(folder);
        let entries = listing.as_ref().as_ref().map_or(&[][..], Vec::as_slice);
        let mut names = self.config_names.lock().expect("nothing panics while it holds the lock");
        for entry in entries {
            let Some(stem) = config_stem(entry) else { continue };
            if !names.contains(stem) {
                names.insert(stem.to_owned());
            }
        }
    }

    /// Two files that are one on a system that ignores letter case.
    fn case_collision(&self, folder: &SourcePath, name: &str) -> Option<Diagnostic> {
        let listing = self.list(folder);
        let entries = listing.as_ref().as_ref().ok()?;
        let wanted = format!("{name}.yaml");
        let twin = entries.iter().find(|entry| {
            entry.name != wanted && entry.name.eq_ignore_ascii_case(&wanted) && self.has_file(folder, &wanted)
        })?;
        let message =
            format!("`{}` and `{wanted}` in `{}` differ only by letter case", twin.name, self.shown(folder));
        let hint = "on Windows and macOS they are one file: remove or rename one";
        let file = self.sources.add(self.shown(&folder.child(&twin.name)), "");
        Some(Diagnostic::new(CONFIG_CASE_COLLISION, Span::start_of(file), message).hint(hint))
    }

    /// `<stem>.yaml` if it is there, else `<stem>.json`; warns where both are.
    fn pick(&self, folder: &SourcePath, stem: &str, out: &mut Vec<Diagnostic>) -> Option<(SourcePath, Form)> {
        let (yaml, json) = (format!("{stem}.yaml"), format!("{stem}.json"));
        let twin = self.has_file(folder, &json);
        if !self.has_file(folder, &yaml) {
            return twin.then(|| (folder.child(&json), Form::Json));
        }
        if twin {
            let ignored = self.shown(&folder.child(&json));
            let file = self.sources.add(ignored.as_str(), "");
            let message = format!("`{ignored}` is ignored: `{yaml}` is beside it");
            let diagnostic = Diagnostic::new(JSON_TWIN, Span::start_of(file), message);
            out.push(diagnostic.hint("remove one of the two"));
        }
        Some((folder.child(&yaml), Form::Yaml))
    }

    /// A text of the definition, under the name that diagnostics show.
    pub(crate) fn text(&self, path: &SourcePath, limit: u64) -> Result<(FileId, Arc<str>), Diagnostic> {
        let bytes = self.bytes(path, limit)?;
        self.decode(path, &bytes)
    }

    /// The text of a config file, whose lines no diagnostic shows: they may hold secrets.
    fn private_text(&self, path: &SourcePath) -> Result<(FileId, Arc<str>), Diagnostic> {
        let bytes = self.bytes(path, self.limits().file_bytes)?;
        let shown = self.shown(path);
        let text = as_text(&self.sources, &shown, &bytes)?;
        Ok((self.sources.add_private(shown, text.clone()), text))
    }

    pub(crate) fn bytes(&self, path: &SourcePath, limit: u64) -> Result<Vec<u8>, Diagnostic> {
        let bytes = self.source.read(path, limit).map_err(|error| self.unreadable(path, &error))?;
        if !bytes.starts_with(LFS_HEAD) {
            return Ok(bytes);
        }
        let shown = self.shown(path);
        let at = Span::start_of(self.sources.add(shown.as_str(), ""));
        let message = format!("`{shown}` is a pointer of Git LFS, not the file itself");
        Err(Diagnostic::new(LFS_POINTER, at, message).hint("keep it in git itself, or run `git lfs pull`"))
    }

    /// Takes bytes as text, under the name that diagnostics show.
    pub(crate) fn decode(&self, path: &SourcePath, bytes: &[u8]) -> Result<(FileId, Arc<str>), Diagnostic> {
        let shown = self.shown(path);
        let text = as_text(&self.sources, &shown, bytes)?;
        Ok((self.sources.add(shown, text.clone()), text))
    }

    /// What a source's refusal means to the author of the definition.
    pub(crate) fn unreadable(&self, path: &SourcePath, error: &SourceError) -> Diagnostic {
        unreadable(&self.sources, &self.shown(path), error)
    }
}

/// Takes the bytes of the file that is shown as `shown` for text.
pub(crate) fn as_text(sources: &SourceMap, shown: &str, bytes: &[u8]) -> Result<Arc<str>, Diagnostic> {
    let text = hld_yaml::decode(bytes, FileId::NONE).map_err(|error| {
        let file = sources.add(shown, "");
        let message = format!("`{shown}` is not UTF-8: {} at byte {}", error.message, error.span.start);
        Diagnostic::new(ENCODING, Span::start_of(file), message).hint("save the file as UTF-8")
    })?;
    Ok(Arc::from(text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

/// What a source's refusal of the file that is shown as `shown` means to the author of the definition.
pub(crate) fn unreadable(sources: &SourceMap, shown: &str, error: &SourceError) -> Diagnostic {
    let at = Span::start_of(sources.add(shown, ""));
    match error {
        SourceError::Outside => {
            Diagnostic::new(OUTSIDE_ROOT, at, format!("`{shown}` leads out of the repository"))
                .hint("a link may point anywhere inside the git repository, not out of it")
        }
        SourceError::TooLarge(limit) => {
            Diagnostic::new(READER_LIMIT, at, format!("`{shown}` is larger than {limit} bytes")).hint(
                "set `limits: {fileBytes: …}` or `limits: {manifestBytes: …}` in hld.yaml if that is meant",
            )
        }
        error => Diagnostic::new(UNREADABLE, at, format!("`{shown}` can not be read: {error}")),
    }
}

/// The names of the configs that the component in `dir` has files for, without `common`.
#[must_use]
pub fn config_names(source: &dyn Source, dir: &SourcePath) -> Vec<String> {
    let entries = source.list(&dir.child("config")).unwrap_or_default();
    let files = entries.iter().filter(|entry| entry.kind == EntryKind::File);
    let mut names: Vec<String> = files.filter_map(config_stem).map(str::to_owned).collect();
    names.dedup();
    names
}

/// The config that a file of a config folder is for, unless that is `common`.
fn config_stem(entry: &Entry) -> Option<&str> {
    let stem = entry.name.strip_suffix(".yaml").or_else(|| entry.name.strip_suffix(".json"));
    stem.filter(|stem| *stem != COMMON)
}
