//! The real helm as chart engine.
//!
//! One process a chart: values on standard input, manifests on standard output, nothing written
//! anywhere. The process gets a short list of environment variables, no plugins, and a file name
//! for nothing: what it reads is the chart's folder.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use hld_compiler::{ChartEngine, ChartError, ChartRequest, EntryKind, SourcePath};

use crate::files::system_words;
use crate::overlay::Folders;
use crate::process;

/// Most bytes of helm's output that are taken.
const MOST_OUTPUT: u64 = 256 << 20;

/// Variables that helm gets from ours.
const KEPT_VARIABLES: [&str; 6] =
    ["PATH", "HOME", "TMPDIR", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"];

/// The helm program, looked for when the first chart is rendered.
pub struct Helm<'f> {
    files: &'f dyn Folders,
    program: Result<PathBuf, (String, String)>,
}

impl<'f> Helm<'f> {
    /// Charts of `files` through `program`, or the reason and the hint why there is none.
    #[must_use]
    pub fn new(files: &'f dyn Folders, program: Result<PathBuf, (String, String)>) -> Self {
        Helm { files, program }
    }

    fn command(program: &Path, request: &ChartRequest<'_>, chart: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg("template").arg(request.release).arg(chart);
        command.args(["--namespace", request.namespace, "--kube-version", request.kubernetes_version]);
        command.args(["--values", "-"]);
        if request.include_crds {
            command.arg("--include-crds");
        }
        for version in request.api_versions {
            command.arg("--api-versions").arg(version);
        }
        command.current_dir("/").env_clear().envs(kept_variables());
        command.env("HELM_PLUGINS", "/nonexistent").env("KUBECONFIG", "/nonexistent");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl ChartEngine for Helm<'_> {
    fn render(&self, request: &ChartRequest<'_>) -> Result<String, ChartError> {
        let program = self.program.as_ref().map_err(|(message, hint)| ChartError::Unavailable {
            message: message.clone(),
            hint: hint.clone(),
        })?;
        check_links(self.files, request.chart)?;
        let chart = self.files.folder(request.chart).map_err(ChartError::Failed)?;
        let mut command = Helm::command(program, request, &chart);
        let output = run(&mut command, request.values).map_err(|error| {
            ChartError::Failed(format!("`{}` can not be run: {}", program.display(), system_words(&error)))
        })?;
        if process::is_cancelled() {
            return Err(ChartError::Cancelled);
        }
        if !output.is_success {
            return Err(ChartError::Failed(words_of(&output.stderr, &chart, request.chart)));
        }
        String::from_utf8(output.stdout).map_err(|_| ChartError::Failed("its output is not UTF-8".to_owned()))
    }
}

/// What a process left behind.
struct Output {
    is_success: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

fn run(command: &mut Command, input: &str) -> io::Result<Output> {
    let (mut child, registered) = process::spawn(command)?;
    let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
        return Err(io::Error::other("no pipes"));
    };
    let (stdout, stderr) = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new;
        // A process that ends early closes its input; what it has to say is on its output.
        let feeder = thread().spawn_scoped(scope, move || stdin.write_all(input.as_bytes()));
        let reader = || thread().spawn_scoped(scope, move || read_limited(stderr, 1 << 20));
        let errors = match feeder.and_then(|_| reader()) {
            Ok(errors) => errors,
            Err(error) => {
                child.kill().ok();
                return (Err(error), Ok(Vec::new()));
            }
        };
        let stdout = read_limited(stdout, MOST_OUTPUT);
        let stderr = errors.join().unwrap_or_else(|_| Ok(Vec::new()));
        (stdout, stderr)
    });
    drop(registered);
    let (stdout, stderr) = finish(&mut child, stdout, stderr)?;
    let status = child.wait()?;
    Ok(Output { is_success: status.success(), stdout, stderr })
}

fn finish(
    child: &mut Child,
    stdout: io::Result<Vec<u8>>,
    stderr: io::Result<Vec<u8>>,
) -> io::Result<(Vec<u8>, Vec<u8>)> {
    match (stdout, stderr) {
        (Ok(stdout), Ok(stderr)) => Ok((stdout, stderr)),
        (Err(error), _) | (_, Err(error)) => {
            // Its pipe is broken or its output too large: it has nothing more to say.
            child.kill().ok();
            child.wait().ok();
            Err(error)
        }
    }
}

fn read_limited(pipe: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    pipe.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("its output is larger than {limit} bytes")));
    }
    Ok(bytes)
}

fn kept_variables() -> impl Iterator<Item = (&'static str, OsString)> {
    KEPT_VARIABLES.into_iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value)))
}

/// Helm's own words, from `Error:` on, with the chart's path as the definition knows it.
fn words_of(stderr: &[u8], machine: &Path, chart: &SourcePath) -> String {
    let text = String::from_utf8_lossy(stderr);
    let from = text.find("Error: ").map_or(0, |at| at + "Error: ".len());
    let words = text[from..].trim().replace(&*machine.to_string_lossy(), chart.as_str());
    let hint = "\n\nUse --debug flag to render out invalid YAML";
    words.strip_suffix(hint).unwrap_or(&words).to_owned()
}

/// Refuses a chart with a link that leads out of the repository: helm would follow it.
fn check_links(files: &dyn Folders, folder: &SourcePath) -> Result<(), ChartError> {
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        let entries =
            files.list(&folder).map_err(|error| ChartError::Failed(format!("`{folder}`: {error}")))?;
        for entry in entries {
            let path = folder.child(&entry.name);
            match entry.kind {
                EntryKind::Folder if path.parts().count() < 100 => folders.push(path),
                EntryKind::Folder | EntryKind::File => {}
                EntryKind::Other => return Err(ChartError::Outside(path.to_string())),
            }
        }
    }
    Ok(())
}
