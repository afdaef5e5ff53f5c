//! How the road is told: numbered steps, what the programs said, how long it took.

use std::time::{Duration, Instant};

/// What is told. A step is printed before it is done, and its end when it was checked.
pub(super) struct Tale {
    steps: Vec<String>,
    began: Instant,
}

/// The longest line that is told of what a program said.
const LONGEST: usize = 150;

impl Tale {
    pub(super) fn new() -> Self {
        Tale { steps: Vec::new(), began: Instant::now() }
    }

    /// Does one step and says how it went.
    pub(super) fn step<T>(
        &mut self,
        what: &str,
        act: impl FnOnce(&mut Said) -> Result<T, String>,
    ) -> Result<T, String> {
        self.steps.push(format!("{:>2}  {what}", self.steps.len() + 1));
        println!("{}", self.steps[self.steps.len() - 1]);
        let began = Instant::now();
        let mut said = Said(Vec::new());
        let done = act(&mut said);
        for line in &said.0 {
            println!("    {line}");
        }
        let end = if done.is_ok() { "done" } else { "FAILED" };
        println!("    {end} in {}\n", seconds(began.elapsed()));
        done
    }

    pub(super) fn end(&self) {
        println!("The road is whole: {} steps in {}", self.steps.len(), seconds(self.began.elapsed()));
    }

    /// The steps that were told and do not stand in a text.
    pub(super) fn missing_in<'t>(&'t self, text: &str) -> Vec<&'t str> {
        let is_missing = |step: &&str| !text.lines().any(|line| line == *step);
        self.steps.iter().map(String::as_str).filter(is_missing).collect()
    }
}

/// What is told of a step besides its name.
#[derive(Clone)]
pub(super) struct Said(Vec<String>);

impl Said {
    /// A sentence.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.0.push(text.into());
    }

    /// A command, as it is typed.
    pub(super) fn command(&mut self, program: &str, arguments: &[&str]) {
        self.0.push(format!("$ {program} {}", arguments.join(" ")));
    }

    /// What a program said, its first lines.
    pub(super) fn quote(&mut self, text: &str, most: usize) {
        let is_seen = |line: &&str| !line.is_empty() && !line.starts_with("<!--");
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(is_seen).collect();
        for line in lines.iter().take(most) {
            let cut: String = line.chars().take(LONGEST).collect();
            self.0.push(format!("| {cut}"));
        }
        if lines.len() > most {
            self.0.push(format!("| … and {} more", lines.len() - most));
        }
    }
}

/// A time, for people.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
