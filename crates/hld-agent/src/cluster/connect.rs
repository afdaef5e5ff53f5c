//! Which cluster, and as whom: the agent by its service account, or by a kubeconfig that names nothing
//! else than a cluster and a login; people as their kubeconfig says, with programs that log in, as with
//! kubectl.

use std::fmt;
use std::path::Path;

use hld_diag::Untrusted;
use kube::Config;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError};

/// Why there is no connection to a cluster.
#[derive(Debug)]
pub enum ConnectError {
    /// The agent is in no pod, and no kubeconfig was named.
    Nowhere,
    /// The kubeconfig can not be read: what is wrong with it.
    Unreadable(String),
    /// The kubeconfig asks for something that is not done for a file: which.
    Refused(&'static str),
    /// The kubeconfig says to be somebody else, and not whom.
    Nobody,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Nowhere => f.write_str("there is no service account and no `--kubeconfig`"),
            ConnectError::Unreadable(why) => {
                write!(f, "the kubeconfig can not be used: {}", Untrusted(why).line())
            }
            ConnectError::Refused(what) => {
                write!(f, "the kubeconfig has {what}, which an agent does not follow")
            }
            ConnectError::Nobody => {
                f.write_str("the kubeconfig's user is to be somebody else, and `as` names nobody")
            }
        }
    }
}

impl std::error::Error for ConnectError {}

/// The configuration of the pod's service account, or of a kubeconfig.
///
/// # Errors
/// There is none, or it runs programs, impersonates, or does not check the server (B131).
pub(crate) async fn connect(kubeconfig: Option<&Path>) -> Result<Config, ConnectError> {
    let Some(path) = kubeconfig else {
        return Config::incluster().map_err(|_| ConnectError::Nowhere);
    };
    let file = Kubeconfig::read_from(path)?;
    if let Some(what) = refusal(&file) {
        return Err(ConnectError::Refused(what));
    }
    Ok(Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?)
}

/// The configuration of somebody's kubeconfig: the one named, or what kubectl would take.
///
/// # Errors
/// There is none, or no such context, or it impersonates nobody: that would be to be oneself (B131).
pub(crate) async fn connect_as_user(
    kubeconfig: Option<&Path>,
    context: Option<&str>,
) -> Result<Config, ConnectError> {
    let file = kubeconfig.map_or_else(Kubeconfig::read, Kubeconfig::read_from)?;
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(file, &options).await?;
    let user = &config.auth_info;
    let is_nobody = match user.impersonate.as_deref() {
        Some(name) => name.trim().is_empty(),
        None => is_impersonating(user),
    };
    if is_nobody { Err(ConnectError::Nobody) } else { Ok(config) }
}

impl From<KubeconfigError> for ConnectError {
    /// Without any text of the file, which has secrets in it.
    fn from(error: KubeconfigError) -> Self {
        ConnectError::Unreadable(match error {
            KubeconfigError::Parse(error) => {
                let place =
                    error.location().map(|at| format!(": line {}, column {}", at.line(), at.column()));
                format!("its YAML can not be read{}", place.unwrap_or_default())
            }
            error => error.to_string(),
        })
    }
}

/// Whether a user is to be somebody else.
fn is_impersonating(user: &AuthInfo) -> bool {
    user.impersonate.is_some()
        || user.impersonate_uid.is_some()
        || user.impersonate_groups.is_some()
        || user.impersonate_user_extra.is_some()
}

/// What a kubeconfig has that could run code, be somebody else, or talk to anybody.
fn refusal(file: &Kubeconfig) -> Option<&'static str> {
    let users = || file.auth_infos.iter().filter_map(|named| named.auth_info.as_ref());
    let clusters = || file.clusters.iter().filter_map(|named| named.cluster.as_ref());
    let rules = [
        (users().any(|user| user.exec.is_some()), "`exec`"),
        (users().any(|user| user.auth_provider.is_some()), "`auth-provider`"),
        (users().any(is_impersonating), "`as`"),
        (
            clusters().any(|cluster| cluster.insecure_skip_tls_verify == Some(true)),
            "`insecure-skip-tls-verify`",
        ),
    ];
    rules.into_iter().find(|(is_there, _)| *is_there).map(|(_, what)| what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kubeconfig(user: &str, cluster: &str) -> Kubeconfig {
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n\
             clusters: [{{name: a, cluster: {{server: 'https://127.0.0.1:1'{cluster}}}}}]\nusers: [{{name: a, user: {{{user}}}}}]\n"
        );
        Kubeconfig::from_yaml(&text).unwrap()
    }

    #[test]
    fn b131_a_kubeconfig_that_runs_programs_or_impersonates_is_refused() {
        for (user, cluster, what) in [
            ("exec: {apiVersion: client.authentication.k8s.io/v1, command: sh}", "", "`exec`"),
            ("auth-provider: {name: gcp, config: {}}", "", "`auth-provider`"),
            ("as: system:admin", "", "`as`"),
            ("as: ''", "", "`as`"),
            ("as-groups: ['system:masters']", "", "`as`"),
            ("as-uid: '0'", "", "`as`"),
            ("as-user-extra: {scopes: [all]}", "", "`as`"),
            ("token: x, exec: {apiVersion: client.authentication.k8s.io/v1, command: sh}", "", "`exec`"),
            ("token: x", ", insecure-skip-tls-verify: true", "`insecure-skip-tls-verify`"),
        ] {
            assert_eq!(refusal(&kubeconfig(user, cluster)), Some(what));
        }
        assert_eq!(refusal(&kubeconfig("token: x", "")), None);
    }
}
