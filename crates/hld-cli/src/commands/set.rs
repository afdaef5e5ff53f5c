//! `hld set`

mod key;

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use hld_compiler::Environment;
use hld_diag::FileId;
use hld_source::system_words;
use hld_yaml::{self as yaml, Data, Value};

use crate::document::{Document, MOST_BYTES};
use crate::error::{CommandError, FailureKind};
use crate::options::Global;
use crate::ui;

/// Set config values of the component in this folder.
///
/// `image.tag=1.2.3` writes text, whatever it looks like; `replicas:=3` writes what YAML reads.
/// Quotes keep a dot in a key: `annotations."example.com/a"=b`. Comments and the order of everything
/// else stay.
#[derive(clap::Args)]
pub(crate) struct Set {
    /// `KEY=TEXT` or `KEY:=VALUE`.
    #[arg(value_name = "KEY=VALUE", required_unless_present = "file")]
    assignments: Vec<String>,
    /// Environment whose config is set.
    #[arg(long, default_value = "common")]
    environment: String,
    /// Path of names to the subcomponent whose config is set: `infra.traefik`.
    #[arg(long, value_name = "NAME.NAME")]
    subcomponent: Option<String>,
    /// Refuse keys that are not there yet.
    #[arg(long)]
    no_new_config_keys: bool,
    /// Take values from a YAML file too; the command line comes after it.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Most parts of a key: a file that is nested deeper is not read again.
const DEEPEST: usize = 100;

/// One value and where it goes.
struct Assignment {
    path: Vec<String>,
    value: Value,
}

pub(crate) fn run(global: &Global, command: &Set) -> Result<(), CommandError> {
    Environment::combined(std::slice::from_ref(&command.environment))
        .map_err(|_| usage(format!("`{}` can not be the name of an environment", command.environment)))?;
    let mut assignments = command.file.as_ref().map(from_file).transpose()?.unwrap_or_default();
    for text in &command.assignments {
        assignments.push(parse(text)?);
    }
    let prefix = prefix(command.subcomponent.as_deref())?;
    let mut document = Document::open(&global.directory, &format!("config/{}", command.environment))?;
    if command.no_new_config_keys {
        refuse_new(&document.value()?, &prefix, &assignments)?;
    }
    for Assignment { path, value } in &assignments {
        let path: Vec<&str> = prefix.iter().chain(path).map(String::as_str).collect();
        if path.len() > DEEPEST {
            return Err(usage(format!("a key has {} parts, more than {DEEPEST}", path.len())));
        }
        document.set(&path, value)?;
    }
    document.save()?;
    ui::note(&format!("set {} in {}", ui::plural(assignments.len(), "value"), document.path().display()));
    Ok(())
}

/// `subcomponents.<name>` for every name, then `config`.
fn prefix(subcomponent: Option<&str>) -> Result<Vec<String>, CommandError> {
    let names = subcomponent.map(key::split).transpose().map_err(usage)?.unwrap_or_default();
    let path = names.into_iter().flat_map(|name| ["subcomponents".to_owned(), name]);
    Ok(path.chain(["config".to_owned()]).collect())
}

fn parse(text: &str) -> Result<Assignment, CommandError> {
    let n_signs = key::outside_quotes(text, '=');
    let Some((key, value)) = text.split_once('=').filter(|_| n_signs == 1) else {
        let what = if n_signs == 0 { "no `=`" } else { "more than one `=`" };
        return Err(usage(format!("`{text}` has {what}")).hint("write KEY=TEXT or KEY:=VALUE"));
    };
    let (key, value) = match key.strip_suffix(':') {
        Some(key) => (key, typed(value)?),
        None => (key, Value::new(value)),
    };
    Ok(Assignment { path: key::split(key).map_err(usage)?, value })
}

/// What YAML reads.
fn typed(text: &str) -> Result<Value, CommandError> {
    let read = yaml::read(text, FileId::NONE, &yaml::ReadOptions::default());
    let value = read.ok().and_then(yaml::Read::into_single);
    value.ok_or_else(|| {
        usage("the value behind `:=` is no YAML".to_owned()).hint("quote it for the shell: 'list:=[a, b]'")
    })
}

/// Every value of a file that is no map; keys are split at dots, scalars become text, as in fab.
fn from_file(path: &PathBuf) -> Result<Vec<Assignment>, CommandError> {
    let mut text = String::new();
    // A pipe is fine, one that never ends is not.
    File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text))
        .map_err(|error| usage(format!("`{}` can not be read: {}", path.display(), system_words(&error))))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(usage(format!("`{}` is larger than {MOST_BYTES} bytes", path.display())));
    }
    let options = yaml::ReadOptions { dialect: yaml::Dialect::Fabrikate, ..yaml::ReadOptions::default() };
    let read = yaml::read(&text, FileId::NONE, &options);
    let value = read.ok().and_then(yaml::Read::into_single);
    let value = value.ok_or_else(|| usage(format!("`{}` is no YAML", path.display())))?;
    let mut assignments = Vec::new();
    flatten(&value, &text, &mut Vec::new(), &mut assignments)?;
    Ok(assignments)
}

fn flatten(
    value: &Value,
    text: &str,
    path: &mut Vec<String>,
    out: &mut Vec<Assignment>,
) -> Result<(), CommandError> {
    let Data::Map(map) = &value.data else {
        let source = text.get(value.span.start as usize..value.span.end as usize).unwrap_or_default();
        let value = match &value.data {
            Data::Bool(_) | Data::Int(_) | Data::Uint(_) | Data::Float(_) => Value::new(source),
            _ => value.clone(),
        };
        out.push(Assignment { path: path.clone(), value });
        return Ok(());
    };
    for (key, value) in map.iter() {
        let parts = key::split(key).map_err(usage)?;
        let n_parts = parts.len();
        path.extend(parts);
        flatten(value, text, path, out)?;
        path.truncate(path.len() - n_parts);
    }
    Ok(())
}

fn refuse_new(root: &Value, prefix: &[String], assignments: &[Assignment]) -> Result<(), CommandError> {
    for Assignment { path, .. } in assignments {
        let mut at = Some(root);
        for key in prefix.iter().chain(path) {
            at = at.and_then(|value| value.get(key));
        }
        if at.is_none() {
            let path = path.join(".");
            let message = format!("`{path}` is not there yet, and `--no-new-config-keys` refuses new keys");
            return Err(CommandError::new(FailureKind::Definition, message));
        }
    }
    Ok(())
}

fn usage(message: String) -> CommandError {
    CommandError::new(FailureKind::Usage, message)
}
