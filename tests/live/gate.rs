//! Builds that wait: for tests of what is seen while they do.

use std::net::{TcpListener, TcpStream};

use crate::harness::{Devserve, Project};

/// What a build waits at until it is opened.
pub(crate) struct Gate(TcpListener);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// A build script that ends when the gate is open.
    pub(crate) fn build_script(&self) -> String {
        format!(
            "fn main() {{\n    let gate = std::net::TcpStream::connect({:?}).unwrap();\n    \
             std::io::copy(&mut &gate, &mut std::io::sink()).unwrap();\n}}\n",
            self.0.local_addr().unwrap().to_string()
        )
    }

    /// Waits for the build script to arrive; it goes on when what this returns is dropped.
    pub(crate) fn arrival(&self) -> TcpStream {
        self.0.accept().unwrap().0
    }

    /// Lets the build script go on.
    pub(crate) fn open(self) {
        drop(self.arrival());
    }
}

/// A package of two crates that are built at the same time: one does not compile, the other
/// takes as long as a test wants.
pub(crate) struct Halves {
    project: Project,
    broken: Gate,
    slow: Gate,
}

impl Halves {
    pub(crate) fn new() -> Self {
        let (broken, slow) = (Gate::new(), Gate::new());
        let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                        [dependencies]\nbroken.path = \"broken\"\nslow.path = \"slow\"\n\
                        [workspace]\n";
        let part = |name: &str| {
            format!("[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n")
        };
        let project = Project::new(&[
            ("Cargo.toml", manifest),
            ("src/main.rs", "fn main() { broken::f(); slow::f() }\n"),
            ("broken/Cargo.toml", &part("broken")),
            ("broken/build.rs", &broken.build_script()),
            (
                "broken/src/lib.rs",
                "pub fn f() -> u32 {\n    \"seven\"\n}\n",
            ),
            ("slow/Cargo.toml", &part("slow")),
            ("slow/build.rs", &slow.build_script()),
            ("slow/src/lib.rs", "pub fn f() {}\n"),
        ]);
        Self {
            project,
            broken,
            slow,
        }
    }

    /// Serves it, with a build of as many jobs as there are halves.
    pub(crate) fn serve(&self) -> Devserve {
        let jobs = [("CARGO_BUILD_JOBS", "2".as_ref())];
        Devserve::start_with(&self.project, &[], &jobs)
    }

    /// Has the broken half compiled while the other waits; that one goes on when what this
    /// returns is dropped.
    pub(crate) fn fail(&self) -> TcpStream {
        let slow = self.slow.arrival();
        drop(self.broken.arrival());
        slow
    }
}
