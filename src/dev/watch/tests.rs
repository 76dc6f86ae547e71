use std::sync::Mutex;

use notify::event::{CreateKind, DataChange, MetadataKind, RemoveKind};

use super::*;
use crate::dev::event::Effect;
use crate::dev::ignore::Ignore;
use crate::dev::project::{Features, Program, Project};

/// Longer than any news takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// A package whose every file asks for a build, and somebody who watches it.
struct Scene {
    dir: tempfile::TempDir,
    heard: Receiver<Event>,
    told: Arc<Mutex<Vec<String>>>,
    _watch: Watch,
}

impl Scene {
    /// With the system's watching, and no patience with files that are missing or half written.
    fn new() -> Self {
        Self::with(system, Duration::ZERO)
    }

    fn with(
        system: impl FnOnce(Sender<Order>) -> notify::Result<RecommendedWatcher>,
        patience: Duration,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir(root.join("src")).unwrap();
        let project = Project {
            package: "shop".to_owned(),
            program: Program::Bin("shop".to_owned()),
            profile: None,
            features: Features::default(),
            package_dir: root.clone(),
            workspace_root: root.clone(),
            target_dir: root.join("target"),
            build_dir: root.join("target"),
            links_devserve: false,
            source_dirs: vec![root.clone()],
        };
        let ignore = Ignore::new(&project.source_dirs, &[]).unwrap();
        let inputs = Arc::new(Inputs::new(&project, vec![root.clone()], ignore));
        let (events, heard) = mpsc::channel();
        let told = Arc::new(Mutex::new(Vec::new()));
        let sink = {
            let told = Arc::clone(&told);
            Sink::new(move |notice| told.lock().unwrap().push(format!("{notice:?}")))
        };
        let watch =
            Watch::start_with(system, patience, vec![root.clone()], inputs, events, sink).unwrap();
        let scene = Self {
            dir,
            heard,
            told,
            _watch: watch,
        };
        // Watching begins on another thread: this is seen when it has.
        let deadline = Instant::now() + LONG;
        for number in 0.. {
            scene.write("src/begin", &format!("{number}"));
            if scene.heard.recv_timeout(Duration::from_millis(50)).is_ok() {
                break;
            }
            assert!(Instant::now() < deadline, "nothing is watched");
        }
        scene.settle();
        scene
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    /// The names of the files in the news up to that of `last`.
    #[track_caller]
    fn news_until(&self, last: &str) -> Vec<String> {
        let mut names = Vec::new();
        loop {
            let event = match self.heard.recv_timeout(LONG) {
                Ok(event) => event,
                Err(error) => panic!("{error}: no news of {last} after {names:?}"),
            };
            let Event::Changed { path, effect } = event else {
                panic!("{event:?}");
            };
            assert_eq!(effect, Effect::Build);
            let name = path.strip_prefix(self.path("")).unwrap();
            names.push(name.to_string_lossy().into_owned());
            if names.last().is_some_and(|name| name == last) {
                return names;
            }
        }
    }

    /// Waits until the news of all that has happened is in.
    #[track_caller]
    fn settle(&self) {
        // One event, whatever the patience: it comes ready from elsewhere.
        let elsewhere = tempfile::tempdir().unwrap();
        let mark = elsewhere
            .path()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        fs::write(elsewhere.path().join("mark"), &mark).unwrap();
        let name = format!("src/{mark}.mark");
        fs::rename(elsewhere.path().join("mark"), self.path(&name)).unwrap();
        self.news_until(&name);
    }
}

#[test]
fn a_file_that_is_closed_after_writing_is_news_once() {
    use std::io::Write;
    let scene = Scene::with(system, LONG);
    let mut file = fs::File::create(scene.path("src/main.rs")).unwrap();
    for _ in 0..3 {
        file.write_all(b"a part of it").unwrap();
    }
    drop(file);
    assert_eq!(scene.news_until("src/main.rs"), ["src/main.rs"]);
    // In place: emptied first, as most editors do.
    scene.write("src/main.rs", "other words");
    // By renaming, with the old one as a backup first, as vim does.
    fs::rename(scene.path("src/main.rs"), scene.path("src/main.rs~")).unwrap();
    scene.write("src/main.rs", "still others");
    fs::remove_file(scene.path("src/main.rs~")).unwrap();
    scene.write("src/last.rs", "");
    let news = scene.news_until("src/last.rs");
    assert!(news.len() <= 3, "{news:?}");
    let others = ["src/main.rs", "src/last.rs"];
    assert!(
        news.iter().all(|name| others.contains(&&**name)),
        "{news:?}"
    );
}

#[test]
fn a_file_that_nobody_closes_or_that_goes_is_news_when_patience_ends() {
    use std::io::Write;
    let scene = Scene::new();
    let mut open = fs::File::create(scene.path("src/open.rs")).unwrap();
    open.write_all(b"some").unwrap();
    scene.news_until("src/open.rs");
    fs::remove_file(scene.path("src/begin")).unwrap();
    scene.news_until("src/begin");
}

#[test]
fn folders_that_come_with_files_are_seen_with_them() {
    let scene = Scene::new();
    fs::create_dir_all(scene.path("src/a/b/c")).unwrap();
    scene.write("src/a/b/c/deep.rs", "// deep");
    assert!(scene.news_until("src/a/b/c/deep.rs").len() <= 3);
    scene.write("src/a/b/c/deep.rs", "// deeper");
    scene.news_until("src/a/b/c/deep.rs");
}

#[test]
fn a_folder_made_and_removed_at_once_breaks_nothing() {
    let scene = Scene::new();
    for number in 0..20 {
        let folder = scene.path("src/brief");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("a.rs"), number.to_string()).unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }
    scene.settle();
    fs::create_dir(scene.path("src/brief")).unwrap();
    scene.write("src/brief/kept.rs", "// kept");
    scene.news_until("src/brief/kept.rs");
}

#[test]
fn a_folder_that_takes_another_s_name_is_watched() {
    let scene = Scene::new();
    for name in ["words", "words.new"] {
        fs::create_dir(scene.path("src").join(name)).unwrap();
        scene.write(&format!("src/{name}/mod.rs"), name);
        scene.news_until(&format!("src/{name}/mod.rs"));
    }
    fs::rename(scene.path("src/words"), scene.path("words.old")).unwrap();
    fs::rename(scene.path("src/words.new"), scene.path("src/words")).unwrap();
    scene.news_until("src/words/mod.rs");
    scene.write("src/words/mod.rs", "and now a save");
    scene.news_until("src/words/mod.rs");
    scene.write("words.old/mod.rs", "where it went");
    scene.news_until("words.old/mod.rs");
}

#[test]
fn what_is_built_wakes_nobody() {
    let scene = Scene::new();
    for folder in ["target/debug", "other-target/debug", ".git/refs"] {
        fs::create_dir_all(scene.path(folder)).unwrap();
    }
    // As cargo makes a target folder: with its tag in it, from elsewhere.
    fs::create_dir(scene.path("target/made")).unwrap();
    scene.write(
        "target/made/CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55",
    );
    fs::rename(scene.path("target/made"), scene.path("fuzz-target")).unwrap();
    scene.settle();
    for path in ["target/debug/a.rs", "fuzz-target/a.rs", ".git/refs/a.rs"] {
        scene.write(path, "no news");
    }
    scene.write("src/last.rs", "news");
    assert_eq!(scene.news_until("src/last.rs"), ["src/last.rs"]);
}

#[test]
fn without_the_system_s_help_folders_are_looked_at() {
    let exhausted = |_| Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch));
    let scene = Scene::with(exhausted, Duration::ZERO);
    fs::create_dir(scene.path("src/words")).unwrap();
    scene.write("src/words/mod.rs", "// new");
    scene.news_until("src/words/mod.rs");
    scene.write("src/words/mod.rs", "// other");
    scene.news_until("src/words/mod.rs");
    fs::remove_file(scene.path("src/words/mod.rs")).unwrap();
    scene.news_until("src/words/mod.rs");
    let told = scene.told.lock().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("max_"), "{told:?}");
    assert!(told[0].contains("sudo sysctl"), "{told:?}");
}

#[test]
fn where_the_system_tells_all_nobody_is_told_anything() {
    assert_eq!(*Scene::new().told.lock().unwrap(), [] as [String; 0]);
}

#[test]
fn an_event_tells_how_far_a_change_is() {
    for (kind, want) in [
        (EventKind::Access(AccessKind::Open(AccessMode::Any)), None),
        (EventKind::Access(AccessKind::Close(AccessMode::Read)), None),
        (
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            Some(Stage::Done),
        ),
        (
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            Some(Stage::Touched),
        ),
        (
            EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)),
            Some(Stage::Touched),
        ),
        (EventKind::Create(CreateKind::File), Some(Stage::Replaced)),
        (EventKind::Remove(RemoveKind::File), Some(Stage::Replaced)),
        (
            EventKind::Modify(ModifyKind::Name(RenameMode::From)),
            Some(Stage::Replaced),
        ),
        (
            EventKind::Modify(ModifyKind::Name(RenameMode::To)),
            Some(Stage::Done),
        ),
        (EventKind::Modify(ModifyKind::Name(RenameMode::Both)), None),
    ] {
        assert_eq!(stage(kind), want, "{kind:?}");
    }
}
