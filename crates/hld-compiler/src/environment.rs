//! Environments: what a definition is compiled for.

use hld_diag::{BAD_ENVIRONMENT, Diagnostic, ENVIRONMENT_TWICE, Span};

/// The Kubernetes version that charts see when nothing names another: what helm 4.1.4 reports.
pub const DEFAULT_KUBERNETES_VERSION: &str = "1.35.0";

/// The config that every environment falls back on, and the name of an environment without configs.
pub const COMMON: &str = "common";

/// One environment: an ordered list of configs and what is known of its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// What it is called: the configs joined by `-`, or its name in `hld.yaml`.
    pub name: String,
    /// Config names, highest priority first, without the `common` that always comes last.
    pub configs: Vec<String>,
    /// Version of Kubernetes that charts are rendered for.
    pub kubernetes_version: String,
    /// API versions that charts see besides the built-in ones.
    pub api_versions: Vec<String>,
    /// Folder below the output folder that the environment is written to.
    pub output: String,
}

impl Environment {
    /// The combined environment of the given configs, as `fab generate prod east` means it; without
    /// any, that of `common` alone. Its name is all of theirs. Warns of a config named twice (loaded
    /// once).
    ///
    /// # Errors
    /// A name that can not be a file's.
    pub fn combined(configs: &[String]) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let errors: Vec<Diagnostic> = configs.iter().filter_map(|config| check_name(config)).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let mut warnings = Vec::new();
        let mut unique: Vec<String> = Vec::new();
        for config in configs {
            if unique.contains(config) {
                warnings.push(twice(config));
            } else {
                unique.push(config.clone());
            }
        }
        let name = if configs.is_empty() { COMMON.to_owned() } else { configs.join("-") };
        unique.retain(|config| config != COMMON);
        Ok((Environment::named(name, unique), warnings))
    }

    /// An environment of this name with the default cluster, written to a folder of its name.
    #[must_use]
    pub fn named(name: String, configs: Vec<String>) -> Self {
        Environment {
            output: name.clone(),
            name,
            configs,
            kubernetes_version: DEFAULT_KUBERNETES_VERSION.to_owned(),
            api_versions: Vec::new(),
        }
    }
}

/// What is wrong with the name of a config or an environment, if anything: it becomes a file name
/// and a folder name, on every system and in every shell.
#[must_use]
pub(crate) fn check_name(name: &str) -> Option<Diagnostic> {
    let wrong = if name.is_empty() {
        "it is empty"
    } else if name.len() > 100 {
        "it is longer than 100 bytes"
    } else if name.starts_with(['-', '.', '~']) {
        "it begins with `-`, `.` or `~`"
    } else if name.contains(['/', '\\']) || name.contains("..") {
        "it is a path"
    } else if !name.chars().all(|c| c.is_alphanumeric() || "-_.+@".contains(c)) {
        "it has a character other than letters, digits and `-_.+@`"
    } else {
        return None;
    };
    let message = format!("`{name}` can not be the name of an environment: {wrong}");
    let hint = "an environment `prod` is a file `config/prod.yaml` or a name in hld.yaml";
    Some(Diagnostic::new(BAD_ENVIRONMENT, Span::NONE, message).hint(hint))
}

fn twice(config: &str) -> Diagnostic {
    let message = format!("environment `{config}` is named twice; it is loaded once");
    Diagnostic::new(ENVIRONMENT_TWICE, Span::NONE, message)
        .hint("Fabrikate loaded it twice, which doubled every list; remove one of the two")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(configs: &[&str]) -> (String, Vec<String>, usize) {
        let configs: Vec<String> = configs.iter().map(|config| (*config).to_owned()).collect();
        let (environment, warnings) = Environment::combined(&configs).unwrap();
        (environment.name, environment.configs, warnings.len())
    }

    #[test]
    fn positional_names_form_one_environment() {
        assert_eq!(names(&["prod", "east"]), ("prod-east".into(), vec!["prod".into(), "east".into()], 0));
        assert_eq!(names(&[]), ("common".into(), vec![], 0));
        assert_eq!(names(&["common"]), ("common".into(), vec![], 0));
        assert_eq!(names(&["prod", "prod"]), ("prod-prod".into(), vec!["prod".into()], 1));
    }

    #[test]
    fn names_that_are_paths_options_or_shell_are_refused() {
        for name in ["", "a/b", "..", "-x", "a b", "$HOME", "~root", "a\\b", ".hidden", "a\n", "a\u{202e}b"] {
            assert!(check_name(name).is_some(), "{name:?}");
        }
        for name in ["prod", "DEV", "us-west_2", "v1.2", "größe"] {
            assert!(check_name(name).is_none(), "{name:?}");
        }
    }
}
