//! The definitions of `fixtures/definitions`: one small definition for each rule, and what must come
//! of it. Their README says what a case holds.
//!
//! Each run finds output that Fabrikate could have left: a good one replaces it, a failing one leaves
//! it alone, and neither touches that of another environment.

use std::path::{Path, PathBuf};

use hld_diag::FileId;
use hld_yaml::{Data, ReadOptions, Value};

use crate::{Files, Hld, Said, Told, manifests};

/// One definition and its runs.
pub struct Case {
    /// The name of its folder.
    pub name: String,
    files: Files,
    expected: Files,
    runs: Vec<Run>,
}

/// One `hld generate`, and what must come of it.
struct Run {
    environments: Vec<String>,
    /// The error there must be; `None` where the run must be good.
    error: Option<Expected>,
    warnings: Vec<Expected>,
    /// Files below `generated/`, and a line that each must have: for what readers do not tell apart.
    lines: Vec<(String, String)>,
}

/// A diagnostic there must be.
struct Expected {
    code: String,
    /// `FILE:LINE`; nothing where any place will do.
    at: Option<String>,
}

/// A file that Fabrikate would have left in an environment's folder.
const OLD: &str = "old/old.yaml";

/// A file of an environment that is not compiled.
const OTHER: &str = "other/kept.yaml";

/// Every case, by name.
///
/// # Errors
/// A case can not be read.
pub fn cases() -> Result<Vec<Case>, String> {
    let folder = crate::repository().join("fixtures/definitions");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.iter().map(|folder| Case::read(folder)).collect()
}

impl Case {
    fn read(folder: &Path) -> Result<Self, String> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let all = Files::read(folder).map_err(|error| format!("{name}: {error}"))?;
        let case = all.0.get("case.yaml").ok_or_else(|| format!("{name}: has no case.yaml"))?;
        let runs = runs(case).map_err(|what| format!("{name}/case.yaml: {what}"))?;
        let expected = all.below("expected");
        Ok(Case { files: all.without("case.yaml").without("expected"), name, expected, runs })
    }

    /// Whether it needs the real helm.
    #[must_use]
    pub fn has_charts(&self) -> bool {
        self.files.0.keys().any(|path| path.ends_with("/Chart.yaml"))
    }

    /// Every run, each on a fresh copy, with one thread and with eight: what is wrong.
    ///
    /// # Errors
    /// What differs from the expectations.
    pub fn check(&self, hld: &Hld) -> Result<(), String> {
        for run in &self.runs {
            let named = format!("hld generate {}", run.environments.join(" "));
            let one = self.compile(hld, run, "1").map_err(|what| format!("{named}: {what}"))?;
            let eight = self.compile(hld, run, "8").map_err(|what| format!("{named} --jobs 8: {what}"))?;
            if let Some(what) = eight.bytes_difference(&one) {
                return Err(format!("{named}: 1 and 8 threads differ in {what}"));
            }
        }
        Ok(())
    }

    /// One run; the files that it leaves.
    fn compile(&self, hld: &Hld, run: &Run, jobs: &str) -> Result<Files, String> {
        let folder = tempfile::TempDir::new().map_err(|error| error.to_string())?;
        self.files.write(folder.path()).map_err(|error| error.to_string())?;
        let generated = folder.path().join("generated");
        let environment = run.folder();
        let old = [format!("{environment}/{OLD}"), OTHER.to_owned()];
        let old = Files(old.map(|path| (path, b"kind: Old\n".to_vec())).into());
        old.write(&generated).map_err(|error| error.to_string())?;
        let names = run.environments.iter().map(String::as_str);
        let arguments: Vec<&str> = ["--jobs", jobs].into_iter().chain(names).collect();
        let told = hld.generate(folder.path(), &arguments).map_err(|error| error.to_string())?;
        let said = told.diagnostics()?;
        run.check_said(&told, &said).map_err(|what| format!("{what}\n{}", Said::list(&said)))?;
        let written = Files::read(&generated).map_err(|error| error.to_string())?.without(".hld");
        let expected = if run.error.is_some() { old } else { self.expected_of(&environment)? };
        let differs = written.difference(&expected, manifests::difference);
        differs.or_else(|| run.missing_line(&written)).map_or(Ok(written), Err)
    }

    /// What must stand below `generated/`: the environment's files, and those of others.
    fn expected_of(&self, environment: &str) -> Result<Files, String> {
        let mut expected = self.expected.clone();
        expected.0.retain(|path, _| path.starts_with(&format!("{environment}/")));
        if expected.0.is_empty() && self.expected.0.is_empty() {
            return Err(format!("there is no expected/{environment}"));
        }
        expected.0.insert(OTHER.to_owned(), b"kind: Old\n".to_vec());
        Ok(expected)
    }
}

impl Run {
    /// Its folder below `generated/`.
    fn folder(&self) -> String {
        if self.environments.is_empty() { "common".to_owned() } else { self.environments.join("-") }
    }

    fn missing_line(&self, written: &Files) -> Option<String> {
        let has_line = |path: &String, line: &String| {
            let text = String::from_utf8_lossy(written.0.get(path).map_or(&[], Vec::as_slice)).into_owned();
            text.lines().any(|present| present.trim() == line)
        };
        let (path, line) = self.lines.iter().find(|(path, line)| !has_line(path, line))?;
        Some(format!("{path}: has no line `{line}`"))
    }

    fn check_said(&self, told: &Told, said: &[Said]) -> Result<(), String> {
        let exit_code = if self.error.is_some() { 1 } else { 0 };
        if told.exit_code != Some(exit_code) {
            return Err(format!("exit code {:?}, should be {exit_code}", told.exit_code));
        }
        let missing = |severity: &str, expected: &Expected| {
            let is_it = |said: &&Said| said.severity == severity && said.code == expected.code;
            let is_there =
                said.iter().filter(is_it).any(|said| expected.at.as_ref().is_none_or(|at| *at == said.at));
            let at = expected.at.as_deref().unwrap_or("any place");
            (!is_there).then(|| format!("there is no {severity} {} at {at}", expected.code))
        };
        let error = self.error.as_ref().and_then(|error| missing("error", error));
        let warning = || self.warnings.iter().find_map(|warning| missing("warning", warning));
        error.or_else(warning).map_or(Ok(()), Err)
    }
}

/// The runs of a `case.yaml`.
fn runs(text: &[u8]) -> Result<Vec<Run>, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let read = hld_yaml::read(text, FileId::NONE, &ReadOptions { strict: true, ..ReadOptions::default() });
    let case = read.map_err(|error| error.to_string())?.into_single().ok_or("has several documents")?;
    check_keys(&case, &["case", "summary", "same", "runs"])?;
    let runs = case.get("runs").and_then(Value::as_seq).ok_or("has no list `runs`")?;
    if runs.is_empty() {
        return Err("has no runs".to_owned());
    }
    runs.iter().map(run).collect()
}

fn run(run: &Value) -> Result<Run, String> {
    check_keys(run, &["environments", "outcome", "code", "at", "warnings", "lines"])?;
    let environments =
        run.get("environments").and_then(Value::as_seq).ok_or("a run has no list `environments`")?;
    let warnings = run.get("warnings").and_then(Value::as_seq);
    let is_good = match run.get("outcome").and_then(Value::as_str) {
        Some("ok") => true,
        Some("error") => false,
        _ => return Err("`outcome` is `ok` or `error`".to_owned()),
    };
    if is_good && warnings.is_none() {
        return Err("a good run says which `warnings` it has".to_owned());
    }
    let lines = run.get("lines").and_then(Value::as_map).into_iter().flat_map(hld_yaml::Map::iter);
    Ok(Run {
        lines: lines
            .map(|(path, line)| (path.to_owned(), line.as_str().unwrap_or_default().to_owned()))
            .collect(),
        environments: environments.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        error: if is_good { None } else { Some(expected(run)?) },
        warnings: warnings.unwrap_or_default().iter().map(expected).collect::<Result<_, _>>()?,
    })
}

fn expected(said: &Value) -> Result<Expected, String> {
    let code = said.get("code").and_then(Value::as_str).ok_or("a diagnostic has no `code`")?;
    hld_diag::Code::parse(code).ok_or_else(|| format!("there is no code `{code}`"))?;
    let at = said.get("at").and_then(Value::as_str).map(str::to_owned);
    Ok(Expected { code: code.to_owned(), at })
}

/// A misspelt key would make a check pass.
fn check_keys(value: &Value, known: &[&str]) -> Result<(), String> {
    let Data::Map(map) = &value.data else { return Err(format!("{} is no map", value.type_name())) };
    map.iter()
        .find(|(key, _)| !known.contains(key))
        .map_or(Ok(()), |(key, _)| Err(format!("unknown key `{key}`")))
}
