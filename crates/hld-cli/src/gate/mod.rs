//! The gate: what was compiled beside the schemas of each environment's Kubernetes.

mod author;

use hld_compiler::{Compilation, CompiledComponent, Kind, Session};
use hld_diag::{Diagnostic, Diagnostics, FileId, NO_SCHEMA, NOT_AN_OBJECT, NOTHING_CHECKED, Severity, Span};
use hld_k8s::{self as k8s, Content, Gvk};
use hld_lint::{Checked, Checker, CustomKinds, Version};
use hld_yaml::Limits;
use rayon::prelude::*;
use serde_json::{Value as Json, json};

use self::author::Author;
use crate::definition::Definition;
use crate::manifest_files::MOST_BYTES;
use crate::ui::plural;

/// What became of one environment, or of the files that were named.
pub(crate) struct Verdict {
    /// The environment; empty for files.
    pub(crate) name: String,
    /// Whose schemas were used; nothing where there are none.
    pub(crate) version: Option<Version>,
    pub(crate) checked: Checked,
}

impl Verdict {
    /// `45 objects for Kubernetes 1.35, 2 invalid, 3 without a schema`
    pub(crate) fn summary(&self) -> String {
        let Some(version) = self.version else { return "not checked".to_owned() };
        let mut line = format!("{} for Kubernetes {version}, ", plural(self.checked.n_objects, "object"));
        line.push_str(&match self.checked.n_invalid {
            0 => "none invalid".to_owned(),
            n => format!("{n} invalid"),
        });
        match self.checked.without_schema.values().sum::<usize>() {
            0 => {}
            n => line.push_str(&format!(", {n} without a schema")),
        }
        line
    }

    /// The same as data.
    pub(crate) fn json(&self) -> Json {
        let free = self
            .checked
            .without_schema
            .iter()
            .map(|(gvk, n)| json!({ "apiVersion": gvk.api_version(), "kind": gvk.kind, "objects": n }));
        json!({
            "environment": Some(&self.name).filter(|name| !name.is_empty()),
            "kubernetes": self.version.map(|version| version.to_string()),
            "objects": self.checked.n_objects,
            "invalid": self.checked.n_invalid,
            "withoutSchema": free.collect::<Vec<_>>(),
        })
    }
}

/// What compiled environments are checked with.
pub(crate) struct Gate<'g> {
    pub(crate) definition: &'g Definition,
    pub(crate) session: &'g Session<'g>,
    /// A version that stands for that of each environment.
    pub(crate) kubernetes: Option<&'g str>,
}

impl Gate<'_> {
    /// Checks every environment. Custom kinds are those of the environment, then those of the others.
    pub(crate) fn check(&self, compilations: &[Compilation], said: &mut Diagnostics) -> Vec<Verdict> {
        let custom: Vec<CustomKinds> = compilations.par_iter().map(learn).collect();
        let check = |(at, compilation): (usize, &Compilation)| {
            let others = custom.iter().enumerate().filter(|(other, _)| *other != at);
            let sets: Vec<&CustomKinds> =
                [&custom[at]].into_iter().chain(others.map(|(_, kinds)| kinds)).collect();
            self.environment(compilation, &sets)
        };
        let mut verdicts: Vec<Verdict> = compilations.par_iter().enumerate().map(check).collect();
        for verdict in &mut verdicts {
            said.extend(std::mem::take(&mut verdict.checked.diagnostics));
            if verdict.checked.n_objects == 0 && verdict.version.is_some() {
                let message = format!("environment `{}` has no object to check", verdict.name);
                said.push(
                    Diagnostic::new(NOTHING_CHECKED, Span::NONE, message)
                        .hint("`hld tree` shows its components, and which are disabled"),
                );
            }
        }
        said.extend(without_schema(&verdicts));
        said.raise(NOT_AN_OBJECT, Severity::Error);
        verdicts
    }

    fn environment(&self, compilation: &Compilation, custom: &[&CustomKinds]) -> Verdict {
        let environment = &compilation.environment;
        let name = environment.name.clone();
        let version = Version::parse(self.kubernetes.unwrap_or(&environment.kubernetes_version));
        let version = match version {
            Ok(version) => version,
            Err(unknown) => {
                let hint =
                    format!("environment `{name}` has `kubernetes: {}`", environment.kubernetes_version);
                let unknown = if self.kubernetes.is_none() { unknown.hint(hint) } else { *unknown };
                let checked = Checked { diagnostics: vec![unknown], ..Checked::default() };
                return Verdict { name, version: None, checked };
            }
        };
        let checker = Checker::new(version, custom);
        let components: Vec<Checked> = compilation
            .components
            .par_iter()
            .map(|component| self.component(&checker, (compilation, component)))
            .collect();
        let mut checked = Checked::default();
        components.into_iter().for_each(|component| checked.add(component));
        Verdict { name, version: Some(version), checked }
    }

    fn component(
        &self,
        checker: &Checker<'_>,
        (compilation, component): (&Compilation, &CompiledComponent),
    ) -> Checked {
        let mut checked = Checked::default();
        let Ok(text) = std::str::from_utf8(&component.rendered.text) else { return checked };
        let limits = Limits::of_bytes(MOST_BYTES);
        // What can not be read has stopped the compiler, but for files that are no manifests by their name.
        let documents = k8s::documents(text, FileId::NONE, &limits).unwrap_or_default();
        let mut author = Author::new(self, text, (compilation, component));
        for document in documents {
            let is_said = matches!(document.content, Content::Incomplete(_) | Content::Other(_))
                && component.node.component.kind == Kind::Static;
            if is_said || document.content == Content::Empty {
                continue;
            }
            let mut found = checker.check(&text[document.range.clone()], FileId::NONE, &limits);
            author.place(&mut found, &document);
            checked.add(found);
        }
        checked
    }
}

/// The custom kinds that an environment defines.
fn learn(compilation: &Compilation) -> CustomKinds {
    let mut custom = CustomKinds::default();
    for component in &compilation.components {
        if let Ok(text) = std::str::from_utf8(&component.rendered.text) {
            custom.learn(text, FileId::NONE, &Limits::of_bytes(MOST_BYTES));
        }
    }
    custom
}

/// A note for each kind that has no schema.
pub(crate) fn without_schema(verdicts: &[Verdict]) -> Vec<Diagnostic> {
    let mut all = Checked::default();
    for verdict in verdicts {
        all.add(Checked { without_schema: verdict.checked.without_schema.clone(), ..Checked::default() });
    }
    let note = |(gvk, n): (&Gvk, &usize)| {
        let were = if *n == 1 { "was" } else { "were" };
        let (kind, api_version) = (&gvk.kind, gvk.api_version());
        let counted = plural(*n, "object");
        let message = format!("`{kind}` of `{api_version}` has no schema: {counted} {were} not checked");
        Diagnostic::new(NO_SCHEMA, Span::NONE, message)
    };
    all.without_schema.iter().map(note).collect()
}

/// Moves places in a part of a text to where the part stands in a file.
pub(crate) fn move_to(diagnostics: &mut [Diagnostic], file: FileId, shift: i64) {
    let moved = |span: Span| {
        let at = |offset: u32| usize::try_from(i64::from(offset) + shift).unwrap_or(0);
        Span::new(file, at(span.start), at(span.end))
    };
    for diagnostic in diagnostics {
        diagnostic.span = moved(diagnostic.span);
        for label in &mut diagnostic.labels {
            label.span = moved(label.span);
        }
    }
}
