use std::io::{self, Write};

use crate::net::Address;
use crate::server::{Failure, Record};
use crate::text::visible::visible;

/// What a served app says on standard error: the one place in the library that writes for
/// people.
#[derive(Debug)]
pub(super) struct Terminal {
    // A front has an access log of its own.
    is_behind_front: bool,
}

impl Terminal {
    pub(super) fn new(is_behind_front: bool) -> Self {
        Self { is_behind_front }
    }

    pub(super) fn serving(&self, scheme: &str, address: &Address) {
        match address {
            Address::Tcp { .. } => self.say(&format!(
                "devserve · {scheme}://{address} · for development only\n"
            )),
            Address::Unix(_) | Address::Fd(_) => {
                self.say(&format!("devserve · {address} · for development only\n"))
            }
        }
    }

    /// One line for a request, and one more for what went wrong and is not told elsewhere.
    pub(super) fn record(&self, record: &Record) {
        if !self.is_behind_front {
            self.say(&line_of(record));
        }
        let told = match &record.failure {
            // The debugger has told it all; without it, this is all there is.
            Some(Failure::App(_) | Failure::Panic(_))
                if cfg!(all(feature = "debugger", debug_assertions)) =>
            {
                None
            }
            Some(Failure::ClientGone(_)) | None => None,
            Some(failure) => Some(failure.to_string()),
        };
        if let Some(told) = told {
            self.say(&format!("error: {}\n", visible(&told)));
        }
    }

    /// A report of the debugger's, which is ready to be shown.
    #[cfg_attr(
        not(feature = "debugger"),
        expect(dead_code, reason = "only the debugger reports")
    )]
    pub(super) fn report(&self, text: &str) {
        self.say(text);
    }

    /// A stop that cut so many requests.
    pub(super) fn stopped(&self, cut: usize) {
        if cut > 0 && !self.is_behind_front {
            self.say(&format!("stopped; {cut} requests were still running\n"));
        }
    }

    fn say(&self, text: &str) {
        // In one write, or another thread's line may get in between. A terminal that is gone
        // hears nothing, and the app goes on serving.
        io::stderr().lock().write_all(text.as_bytes()).ok();
    }
}

fn line_of(record: &Record) -> String {
    let method = record.method.as_ref().map_or("-", |method| method.as_str());
    let status = record
        .status
        .map_or("-".to_owned(), |status| status.as_u16().to_string());
    let target = record.target_text();
    let milliseconds = record.elapsed.as_secs_f64() * 1e3;
    format!(
        "{method:<6} {:<30} {status} {milliseconds:>8.1} ms\n",
        visible(&target)
    )
}
