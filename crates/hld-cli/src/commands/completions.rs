//! `hld completions`

use clap::ValueEnum;
use clap_complete::Shell;

use crate::error::CommandError;
use crate::ui;

/// Print the completions of a shell.
///
/// For bash: `hld completions bash > ~/.local/share/bash-completion/completions/hld`.
#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shells,
}

/// Shells that completions can be made for.
#[derive(Clone, Copy, ValueEnum)]
enum Shells {
    Bash,
    Elvish,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Zsh,
}

/// Prints completions for the command line `all`.
pub(crate) fn run(command: &Completions, all: &mut clap::Command) -> Result<(), CommandError> {
    let shell = match command.shell {
        Shells::Bash => Shell::Bash,
        Shells::Elvish => Shell::Elvish,
        Shells::Fish => Shell::Fish,
        Shells::PowerShell => Shell::PowerShell,
        Shells::Zsh => Shell::Zsh,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, all, "hld", &mut script);
    ui::write_out(&script).ok();
    Ok(())
}
