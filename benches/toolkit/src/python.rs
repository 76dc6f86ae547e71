use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

/// A Python that lives as long as this program and runs Werkzeug when told to.
#[derive(Clone)]
pub struct Python {
    pipes: Rc<RefCell<Pipes>>,
    folder: PathBuf,
}

struct Pipes {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Python {
    pub fn start(program: &str, folder: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/werkzeug_turns.py");
        let mut child = Command::new(program)
            .args([script, folder])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let pipes = Rc::new(RefCell::new(Pipes {
            child,
            input,
            output,
        }));
        Self {
            pipes,
            folder: folder.into(),
        }
    }

    /// The subject that does `operation` with `body`, which Python finds in a file.
    pub fn turns(&self, operation: &str, body: &[u8]) -> impl FnMut(u64) -> Duration + 'static {
        let name = format!("{operation}-{}", body.len());
        fs::write(self.folder.join(&name), body).expect("the folder can be written to");
        let (pipes, operation) = (self.pipes.clone(), operation.to_owned());
        move |turns| {
            pipes
                .borrow_mut()
                .run(&format!("{operation} {name} {turns}"))
        }
    }
}

impl Pipes {
    fn run(&mut self, order: &str) -> Duration {
        let input = self.input.as_mut().expect("open until the end");
        writeln!(input, "{order}").expect("Python listens");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("Python answers");
        Duration::from_nanos(answer.trim().parse().expect("nanoseconds"))
    }
}

impl Drop for Pipes {
    fn drop(&mut self) {
        drop(self.input.take()); // which ends it
        let _ = self.child.wait();
    }
}
