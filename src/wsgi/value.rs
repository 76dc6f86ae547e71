use std::borrow::Cow;
use std::fmt;

use crate::wsgi::{Errors, Input};

/// A value of the environ's classic keys.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value<'a> {
    /// CGI's text: every character stands for one byte (PEP 3333 § Unicode Issues).
    Text(Cow<'a, str>),
    /// `wsgi.multithread`, `wsgi.multiprocess`, `wsgi.run_once`, `wsgi.input_terminated`.
    Flag(bool),
    /// `wsgi.version`.
    Version(u8, u8),
    /// `wsgi.input`.
    Input(Input),
    /// `wsgi.errors`.
    Errors(Errors),
}

impl Value<'_> {
    /// The text, where it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Flag(_) | Self::Version(..) | Self::Input(_) | Self::Errors(_) => None,
        }
    }
}

/// As a person would want it in a table: Python's spelling, streams in angle brackets.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Flag(flag) => f.write_str(if *flag { "True" } else { "False" }),
            Self::Version(major, minor) => write!(f, "({major}, {minor})"),
            Self::Input(_) => f.write_str("<input>"),
            Self::Errors(_) => f.write_str("<errors>"),
        }
    }
}

impl PartialEq<&str> for Value<'_> {
    fn eq(&self, text: &&str) -> bool {
        self.as_str() == Some(text)
    }
}

impl PartialEq<bool> for Value<'_> {
    fn eq(&self, flag: &bool) -> bool {
        matches!(self, Self::Flag(own) if own == flag)
    }
}
