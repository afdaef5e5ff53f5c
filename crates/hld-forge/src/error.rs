//! Why a forge could not be asked, or what it answered.

use std::fmt;

use hld_diag::Untrusted;

/// What went wrong with a forge. Text of the server is cut and escaped, and never holds the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeError {
    /// What was given can not be used: why.
    Unusable(String),
    /// The host can not be reached: `host` and the system's words.
    Unreachable(String, String),
    /// It refused.
    Refused {
        /// `POST /repos/a/b/statuses/…`
        call: String,
        /// The status.
        status: u16,
        /// What it said.
        words: String,
    },
    /// It is overloaded, or wants fewer calls, for longer than there is time.
    Later {
        /// `POST /repos/a/b/statuses/…`
        call: String,
        /// The status.
        status: u16,
        /// After how many seconds it wants to be asked again.
        wait: Option<u64>,
    },
    /// It answered something else than its API does: the call, and what.
    NotUnderstood(String, &'static str),
    /// It sent us to another place, where the token must not go: the call, and the place.
    Elsewhere(String, String),
    /// There is more than is looked at: of what, and how many.
    TooMany(&'static str, usize),
}

/// Longest text of a server that is kept.
const LONGEST: usize = 300;

impl ForgeError {
    /// Whether the same may work another time.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, ForgeError::Unreachable(..) | ForgeError::Later { .. })
    }

    /// Whether what was asked for is not there.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, ForgeError::Refused { status: 404 | 410, .. })
    }

    /// What can be done about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ForgeError::Refused { status: 401 | 203, .. } => Some("is the token right, and not expired?"),
            ForgeError::Refused { status: 403, .. } => {
                Some("the token needs the right to write comments and statuses")
            }
            ForgeError::Refused { status: 404, .. } => {
                Some("is the name right? Forges say `not found` as well where a token lacks a right")
            }
            ForgeError::Elsewhere(..) => {
                Some("is the token right? Has the repository moved? Then give its new address")
            }
            _ => None,
        }
    }
}

/// Text of a server: one line, cut and escaped, without the token.
pub(crate) fn tame(text: &str, token: &str) -> String {
    let text = if token.is_empty() { text.to_owned() } else { text.replace(token, "***") };
    let end = text.floor_char_boundary(LONGEST);
    let more = if end < text.len() { " …" } else { "" };
    format!("{}{more}", Untrusted(text[..end].trim()).line())
}

impl fmt::Display for ForgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ForgeError::Unusable(why) => f.write_str(why),
            ForgeError::Unreachable(host, words) => write!(f, "`{host}` can not be reached: {words}"),
            ForgeError::Refused { call, status, words } if words.is_empty() => {
                write!(f, "the forge answers {status} to `{call}`")
            }
            ForgeError::Refused { call, status, words } => {
                write!(f, "the forge answers {status} to `{call}`: {words}")
            }
            ForgeError::Later { call, status, wait: Some(wait) } => {
                write!(f, "the forge answers {status} to `{call}` and wants to be asked again in {wait} s")
            }
            ForgeError::Later { call, status, wait: None } => {
                write!(f, "the forge answers {status} to `{call}`, each time")
            }
            ForgeError::NotUnderstood(call, what) => write!(f, "the answer to `{call}` is {what}"),
            ForgeError::Elsewhere(call, place) => {
                write!(f, "`{call}` is sent on to {place}, where the token must not go")
            }
            ForgeError::TooMany(what, most) => write!(f, "there are more than {most} {what}"),
        }
    }
}

impl std::error::Error for ForgeError {}
