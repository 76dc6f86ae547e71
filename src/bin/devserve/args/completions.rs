use clap_complete::Shell;

/// Write what a shell needs to complete devserve's words
///
/// To stdout; where it goes is the shell's business:
///
///     bash        devserve completions bash > ~/.local/share/bash-completion/completions/devserve
///     zsh         devserve completions zsh > "${fpath[1]}/_devserve"
///     fish        devserve completions fish > ~/.config/fish/completions/devserve.fish
///     elvish      devserve completions elvish >> ~/.config/elvish/rc.elv
///     powershell  devserve completions powershell >> $PROFILE
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct CompletionsArgs {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub(crate) shell: Shell,
}
