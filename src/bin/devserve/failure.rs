use std::error::Error as StdError;

/// Why the command could not do it, as the terminal shows it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What happened, then each cause, outermost first.
    pub(crate) chain: Vec<String>,
    /// What to do about it.
    pub(crate) help: Option<String>,
}

impl Failure {
    /// A failure with all its causes.
    pub(crate) fn new(error: &(dyn StdError + 'static), help: impl Into<String>) -> Self {
        let chain = std::iter::successors(Some(error), |&error| error.source());
        let mut chain: Vec<String> = chain.map(ToString::to_string).collect();
        // An error that shows its cause as its own is not said twice.
        chain.dedup();
        Self {
            chain,
            help: Some(help.into()),
        }
    }

    /// A failure that was told of already.
    pub(crate) fn told() -> Self {
        Self {
            chain: Vec::new(),
            help: None,
        }
    }

    /// A failure without causes.
    pub(crate) fn plain(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            chain: vec![message.into()],
            help: Some(help.into()),
        }
    }
}
