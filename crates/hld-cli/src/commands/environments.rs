//! Which environments a command line asks for.

use hld_compiler::{Environment, config_names};
use hld_diag::{BAD_ENVIRONMENT, Diagnostic, SourceMap, Span};

use crate::definition::Definition;
use crate::error::{CommandError, FailureKind};
use crate::options::Environments;
use crate::ui;

/// The environments that the command line asks for, and warnings about how it does.
pub(super) fn environments(
    definition: &Definition,
    asked: &Environments,
) -> Result<(Vec<Environment>, Vec<Diagnostic>), CommandError> {
    let lists: Vec<Vec<String>> = if asked.all {
        let named: Vec<Vec<String>> =
            definition.settings.environments.keys().map(|name| vec![name.clone()]).collect();
        if named.is_empty() { every_config(definition)? } else { named }
    } else if asked.env.is_empty() {
        vec![asked.configs.clone()]
    } else {
        asked.env.iter().map(|words| words.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let mut environments: Vec<Environment> = Vec::new();
    let mut warnings = Vec::new();
    for configs in lists {
        let (environment, warned) = resolve(definition, &configs)?;
        warnings.extend(warned);
        if !environments.contains(&environment) {
            environments.push(environment);
        }
    }
    if let Some(diagnostic) = overlap(&environments) {
        ui::show(&[diagnostic], &SourceMap::default());
        return Err(CommandError::new(FailureKind::Usage, ""));
    }
    Ok((environments, warnings))
}

/// Two environments of which one would be written into the other's folder, letter case aside.
fn overlap(environments: &[Environment]) -> Option<Diagnostic> {
    let parts = |environment: &Environment| {
        environment.output.to_lowercase().split('/').map(str::to_owned).collect::<Vec<String>>()
    };
    let mut sorted: Vec<(Vec<String>, &Environment)> = environments.iter().map(|e| (parts(e), e)).collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let pair = sorted.windows(2).find(|pair| pair[1].0.starts_with(&pair[0].0))?;
    let said = |environment: &Environment| {
        let configs = environment.configs.join(" ");
        format!("`{}` of the configs `{configs}`", environment.name)
    };
    let (first, second) = (pair[0].1, pair[1].1);
    let message = format!(
        "environments {} and {} are written to one folder, `{}`",
        said(first),
        said(second),
        first.output
    );
    let hint = "name them in hld.yaml with an `output` of its own for each, or compile them one at a time";
    Some(Diagnostic::new(BAD_ENVIRONMENT, Span::NONE, message).hint(hint))
}

/// A name in hld.yaml beats a config of that name.
fn resolve(
    definition: &Definition,
    configs: &[String],
) -> Result<(Environment, Vec<Diagnostic>), CommandError> {
    let named = &definition.settings.environments;
    if let [name] = configs
        && let Some(environment) = named.get(name)
    {
        return Ok((environment.clone(), Vec::new()));
    }
    Environment::combined(configs).map_err(|diagnostics| {
        ui::show(&diagnostics, &SourceMap::default());
        CommandError::new(FailureKind::Usage, "")
    })
}

fn every_config(definition: &Definition) -> Result<Vec<Vec<String>>, CommandError> {
    let names = config_names(&definition.files, &definition.root);
    if names.is_empty() {
        let message =
            "`--all` finds no environment: there is no hld.yaml that names one, and no config but `common`";
        return Err(CommandError::new(FailureKind::Usage, message)
            .hint("name environments in hld.yaml, or on the command line"));
    }
    Ok(names.into_iter().map(|name| vec![name]).collect())
}
