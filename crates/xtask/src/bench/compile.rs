//! `hld generate` as a whole process, beside a plain program that reads the same files and writes
//! the same bytes and does nothing else; and the compiler alone on one thread and on two.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use hld_compiler::{
    ChartEngine, ChartError, ChartRequest, Entry, EntryKind, Session, Settings, Source, SourceError,
    SourcePath,
};
use hld_diag::SourceMap;
use hld_testkit::Files;

use super::definition::{self, ENVIRONMENTS};
use crate::Outcome;
use crate::build::release_hld;

const COMPONENTS: usize = 1000;

/// Rounds of each measurement; the median counts.
const ROUNDS: usize = 7;

/// A file system in memory, where there is one: a disk would be measured instead of the programs.
const MEMORY: &str = "/dev/shm";

/// `bench compile [--in DIR]`
pub(crate) fn compile(options: &[&str]) -> Outcome {
    let place = match options {
        [] if Path::new(MEMORY).is_dir() => Path::new(MEMORY).to_owned(),
        [] => std::env::temp_dir(),
        ["--in", folder] => Path::new(folder).to_owned(),
        _ => return Err("usage: cargo xtask bench compile [--in DIR]".to_owned()),
    };
    let hld = release_hld()?;
    let files = definition::wide(COMPONENTS);
    let work = tempfile::tempdir_in(&place).map_err(|error| error.to_string())?;
    let folder = work.path().join("definition");
    files.write(&folder).map_err(|error| error.to_string())?;
    let generate = |folder: &Path| run(Command::new(&hld).args(["generate", "--all"]).current_dir(folder));
    generate(&folder)?;
    let generated = Files::read(&folder.join("generated")).map_err(|error| error.to_string())?;
    println!(
        "{COMPONENTS} components x {ENVIRONMENTS} environments, {} files written to {}, median of {ROUNDS}",
        generated.0.len(),
        place.display()
    );

    let fresh = median(|| {
        remove(&folder.join("generated"))?;
        timed(|| generate(&folder))
    })?;
    let common = folder.join("g0/config/common.yaml");
    let text = fs::read_to_string(&common).map_err(|error| error.to_string())?;
    let mut round = 0;
    let over = median(|| {
        round += 1;
        let change = text.replace("info", &format!("info{round}"));
        fs::write(&common, change).map_err(|error| error.to_string())?;
        timed(|| generate(&folder))
    })?;
    let plain = median(|| {
        let target = work.path().join("plain");
        remove(&target)?;
        timed(|| plain_program(&folder, &files, (&target, &generated)))
    })?;
    let peak = peak_mib(&hld, &folder)?;
    let (one, two) = scaling(&files)?;

    let mut enough = line("no old output", "s", 1.5, fresh);
    enough &= line("over an old output", "s", 2.2, over);
    enough &= line("times the plain program", "x", 3.0, fresh / plain);
    enough &= line("peak memory", "MiB", 300.0, peak);
    println!("plain program {plain:.3} s, compiling alone {one:.3} s on 1 thread, {two:.3} s on 2");
    let gain = one / two;
    println!("{:28} asked {:>8.2} x   measured {gain:>8.2} x", "gain of a second thread", 1.7);
    Ok(enough && gain >= 1.7)
}

/// Prints one figure that must not be larger than what is asked.
fn line(what: &str, unit: &str, asked: f64, measured: f64) -> bool {
    println!("{what:28} asked {asked:>8.2} {unit:3} measured {measured:>8.2} {unit}");
    measured <= asked
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn remove(folder: &Path) -> Result<(), String> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(()),
    }
}

fn timed(work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed().as_secs_f64())
}

/// The median of several rounds, after one that does not count.
pub(super) fn median(mut round: impl FnMut() -> Result<f64, String>) -> Result<f64, String> {
    round()?;
    let mut seconds = (0..ROUNDS).map(|_| round()).collect::<Result<Vec<f64>, String>>()?;
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[ROUNDS / 2])
}

/// The shortest of many rounds: what else the machine does can only add to it.
fn best(mut round: impl FnMut() -> Result<f64, String>) -> Result<f64, String> {
    let seconds = (0..4 * ROUNDS).map(|_| round()).collect::<Result<Vec<f64>, String>>()?;
    Ok(seconds.into_iter().fold(f64::INFINITY, f64::min))
}

/// Reads every file of the definition and writes every byte of the output, one after the other.
fn plain_program(folder: &Path, files: &Files, (target, generated): (&Path, &Files)) -> Result<(), String> {
    for path in files.0.keys() {
        fs::read(folder.join(path)).map_err(|error| error.to_string())?;
    }
    generated.write(target).map_err(|error| error.to_string())
}

/// The most memory that a run holds at once, as the system counts it.
fn peak_mib(hld: &Path, folder: &Path) -> Result<f64, String> {
    let script = "import resource, subprocess, sys\n\
        subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n\
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n";
    let mut python = Command::new("python3");
    let output =
        python.args(["-c", script]).arg(hld).args(["generate", "--all"]).current_dir(folder).output();
    let output = output.map_err(|error| format!("python3 can not be run: {error}"))?;
    let kib: f64 = String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .map_err(|_| "python3 says no number".to_owned())?;
    Ok(kib / 1024.0)
}

/// Seconds that compiling alone takes, from memory to memory, on one thread and on two.
fn scaling(files: &Files) -> Result<(f64, f64), String> {
    let source = Memory(files);
    let settings = Settings::load(&source, &SourcePath::root(), &SourceMap::default())
        .map_err(|diagnostics| format!("{diagnostics:?}"))?;
    let on = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .map_err(|error| error.to_string())?;
        best(|| {
            let session = Session::new(&source, &NoCharts, SourcePath::root(), settings.clone());
            let environments: Vec<_> = settings.environments.values().cloned().collect();
            let began = Instant::now();
            let compilations = pool.install(|| hld_compiler::compile(&session, &environments));
            let seconds = began.elapsed().as_secs_f64();
            let is_whole = compilations.iter().all(|compilation| !compilation.diagnostics.has_fatal());
            if is_whole { Ok(seconds) } else { Err("the definition does not compile".to_owned()) }
        })
    };
    Ok((on(1)?, on(2)?))
}

/// Files in memory.
struct Memory<'f>(&'f Files);

impl Source for Memory<'_> {
    fn read(&self, path: &SourcePath, _limit: u64) -> Result<Vec<u8>, SourceError> {
        self.0.0.get(path.as_str()).cloned().ok_or(SourceError::NotFound)
    }

    fn list(&self, folder: &SourcePath) -> Result<Vec<Entry>, SourceError> {
        let prefix = if folder.as_str().is_empty() { String::new() } else { format!("{folder}/") };
        let mut entries: Vec<Entry> = Vec::new();
        for path in self
            .0
            .0
            .range(prefix.clone()..)
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(&prefix))
        {
            let below = &path[prefix.len()..];
            let (name, kind) = match below.split_once('/') {
                Some((name, _)) => (name, EntryKind::Folder),
                None => (below, EntryKind::File),
            };
            if entries.last().is_none_or(|last| last.name != name) {
                entries.push(Entry { name: name.to_owned(), kind });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        entries.dedup();
        if entries.is_empty() { Err(SourceError::NotFound) } else { Ok(entries) }
    }

    fn absolute(&self, _path: &str) -> Option<SourcePath> {
        None
    }
}

struct NoCharts;

impl ChartEngine for NoCharts {
    fn render(&self, _request: &ChartRequest<'_>) -> Result<String, ChartError> {
        Err(ChartError::Failed("there are no charts here".to_owned()))
    }
}
