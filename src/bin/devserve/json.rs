use std::time::Duration;

use serde_json::{Value, json};

use devserve::dev::{NoScript, Notice};

use crate::failure::Failure;

/// What the shapes below are called as a whole; a shape that loses or changes something gets
/// another number, one that gains something does not.
const VERSION: u32 = 1;

/// One event for other programs, as one line; `None` for what is not for them.
///
/// Each is an object with `v`, the version of all shapes, and `event`, its name. Times are in
/// milliseconds, and paths as the terminal shows them.
pub(crate) fn line(notice: &Notice) -> Option<String> {
    let (name, fields) = event(notice)?;
    Some(finish(name, fields))
}

/// What could not be done: `failed`, with `causes`, the outermost first.
pub(crate) fn failure(failure: &Failure) -> String {
    let fields = json!({ "causes": failure.chain, "help": failure.help });
    finish("failed", fields)
}

/// Something that does not matter much: `warning`.
pub(crate) fn warning(message: &str) -> String {
    finish("warning", json!({ "message": message }))
}

fn finish(name: &str, mut fields: Value) -> String {
    fields["v"] = VERSION.into();
    fields["event"] = name.into();
    fields.to_string()
}

fn event(notice: &Notice) -> Option<(&'static str, Value)> {
    Some(match notice {
        Notice::Holding { url } => ("holding", json!({ "url": url })),
        Notice::Authority { path } => ("authority", json!({ "path": path.to_string_lossy() })),
        Notice::Building { target } => ("building", json!({ "target": target })),
        Notice::Count { done, total } => ("count", json!({ "done": done, "total": total })),
        Notice::Found { is_error, rendered } => (
            "found",
            json!({ "is_error": is_error, "rendered": rendered }),
        ),
        Notice::Step { step } => ("step", json!({ "step": step })),
        Notice::Built {
            target,
            elapsed,
            warnings,
        } => {
            let fields = json!({
                "target": target, "elapsed_ms": milliseconds(*elapsed), "warnings": warnings,
            });
            ("built", fields)
        }
        // The diagnostics are those of the page in JSON.
        Notice::BuildFailed {
            target,
            errors,
            rendered,
            diagnostics,
        } => {
            let fields = json!({
                "target": target, "errors": errors, "rendered": rendered,
                "diagnostics": diagnostics,
            });
            ("build_failed", fields)
        }
        Notice::Live {
            changed,
            elapsed,
            browsers,
        } => {
            let fields = json!({
                "changed": changed, "elapsed_ms": milliseconds(*elapsed), "browsers": browsers,
            });
            ("live", fields)
        }
        Notice::Refreshed { changed, browsers } => (
            "refreshed",
            json!({ "changed": changed, "browsers": browsers }),
        ),
        Notice::SlowStart { target, elapsed } => {
            let fields = json!({ "target": target, "elapsed_ms": milliseconds(*elapsed) });
            ("slow_start", fields)
        }
        Notice::Listening { target, at } => ("listening", json!({ "target": target, "at": at })),
        Notice::Sole { target, at } => ("sole", json!({ "target": target, "at": at })),
        Notice::AddressTaken => ("address_taken", json!({})),
        Notice::Died {
            target,
            how,
            when_ready,
        } => {
            let fields = json!({ "target": target, "how": how, "when_ready": when_ready });
            ("died", fields)
        }
        Notice::Restarting { target } => ("restarting", json!({ "target": target })),
        Notice::Polling { reason, help } => ("polling", json!({ "reason": reason, "help": help })),
        Notice::Unwatched { reason, help } => {
            ("unwatched", json!({ "reason": reason, "help": help }))
        }
        Notice::Access(record) => {
            let fields = json!({
                "peer": record.peer.map(|peer| peer.to_string()),
                "method": record.method, "target": record.target, "status": record.status,
                "body_bytes": record.body_bytes, "elapsed_ms": milliseconds(record.elapsed),
                "held_ms": milliseconds(record.held),
            });
            ("access", fields)
        }
        Notice::Refused { peer, status, why } => {
            let peer = peer.map(|peer| peer.to_string());
            (
                "refused",
                json!({ "peer": peer, "status": status, "why": why }),
            )
        }
        Notice::AppSaid { bytes } => ("stderr", json!({ "text": String::from_utf8_lossy(bytes) })),
        Notice::NoLiveReload { target, why } => {
            let why = match why {
                NoScript::Compressed => "compressed",
                _ => "policy", // and whatever comes to be
            };
            ("no_live_reload", json!({ "target": target, "why": why }))
        }
        Notice::Failed { why } => ("fault", json!({ "why": why })),
        Notice::Stopping => ("stopping", json!({})),
        _ => return None, // What a later library has to say, this version has no shape for.
    })
}

fn milliseconds(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_with_its_name_and_version() {
        let notice = Notice::Holding {
            url: "http://a".to_owned(),
        };
        let want = r#"{"event":"holding","url":"http://a","v":1}"#;
        assert_eq!(line(&notice).as_deref(), Some(want));
        let notice = Notice::AppSaid {
            bytes: b"one\ntwo\n".to_vec(),
        };
        let want = r#"{"event":"stderr","text":"one\ntwo\n","v":1}"#;
        assert_eq!(line(&notice).as_deref(), Some(want));
        let want = r#"{"causes":["no"],"event":"failed","help":"yes","v":1}"#;
        assert_eq!(failure(&Failure::plain("no", "yes")), want);
    }

    #[test]
    fn a_broken_build_has_its_diagnostics() {
        let notice = Notice::BuildFailed {
            target: "shop".to_owned(),
            errors: 0,
            rendered: "error: no".to_owned(),
            diagnostics: Vec::new(),
        };
        let value: Value = serde_json::from_str(&line(&notice).unwrap()).unwrap();
        assert_eq!(value["event"], "build_failed");
        assert_eq!(value["diagnostics"], json!([]));
    }
}
