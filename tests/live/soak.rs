//! Many saves in a row: nothing grows. `DEVSERVE_SOAK_SAVES` says how many; `--nocapture` shows
//! the figures.

use std::fs;
use std::path::Path;

use crate::harness::{Devserve, Project, processes_at, wait_until};

/// What a run holds on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Holdings {
    processes: usize,
    descriptors: usize,
    threads: usize,
    temporary: usize,
    /// Files that devserve keeps in the target folder.
    kept: usize,
}

impl Holdings {
    fn of(project: &Project, devserve: &Devserve) -> Self {
        let of_process = |what: &str| {
            let folder = format!("/proc/{}/{what}", devserve.pid());
            fs::read_dir(folder).unwrap().count()
        };
        Self {
            processes: processes_at(&project.root()).len(),
            descriptors: of_process("fd"),
            threads: of_process("task"),
            temporary: files_in(&project.tmp()),
            kept: files_in(&project.path("target/devserve")),
        }
    }
}

fn files_in(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else {
        return 0; // It may have gone since it was listed.
    };
    let of = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_in(&entry.path()),
        _ => 1,
    };
    entries.flatten().map(of).sum()
}

fn resident_kib(devserve: &Devserve) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", devserve.pid())).unwrap();
    let (_, rest) = status.split_once("VmRSS:").unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn many_saves_leave_no_more_than_few() {
    const WARM_UP: usize = 10;
    // Buffers, the allocator's leftovers, and as much for each save: a page that was kept for
    // each would show.
    const SLACK_KIB: usize = 16 << 10;
    const EACH_KIB: usize = 4;
    let saves = std::env::var("DEVSERVE_SOAK_SAVES");
    let saves: usize = saves.map_or(30, |number| number.parse().unwrap());
    let project = Project::shop("0");
    let devserve = Devserve::start(&project, &["-vv"]);
    devserve.get("/").check(200, "0");
    devserve.wait_for("dependencies are in ");
    let _page = devserve.send("/__devserve__/events", "text/event-stream");
    let mut at_first = None;
    for number in 1..=WARM_UP + saves {
        if number % 10 == 3 {
            project.write("src/main.rs", "fn main() { oops }\n");
            assert_eq!(devserve.get("/").status, 500);
        }
        if number % 10 == 5 {
            project.write("static/site.css", &format!("p {{ margin: {number}px }}\n"));
        }
        project.write_shop(&number.to_string());
        devserve.get("/").check(200, &number.to_string());
        if number % 100 == 0 {
            println!("{number} saves: {} KiB", resident_kib(&devserve));
        }
        if number == WARM_UP {
            at_first = Some((settle(&project, &devserve, None), resident_kib(&devserve)));
        }
    }
    let (before, kib_before) = at_first.unwrap();
    let after = settle(&project, &devserve, Some(before));
    let kib = resident_kib(&devserve);
    println!("after {WARM_UP} saves: {before:?}, {kib_before} KiB");
    println!("after {saves} more: {after:?}, {kib} KiB");
    assert!(
        kib <= kib_before + SLACK_KIB + EACH_KIB * saves,
        "{kib_before} KiB have become {kib}"
    );
}

/// What is held once old generations have gone; at most `limit` of each.
#[track_caller]
fn settle(project: &Project, devserve: &Devserve, limit: Option<Holdings>) -> Holdings {
    wait_until("one devserve and one app", || {
        processes_at(&project.root()).len() == 2
    });
    let Some(limit) = limit else {
        return Holdings::of(project, devserve);
    };
    let fits = || {
        let now = Holdings::of(project, devserve);
        now.descriptors <= limit.descriptors
            && now.threads <= limit.threads
            && now.temporary <= limit.temporary
            && now.kept <= limit.kept
    };
    wait_until(&format!("at most {limit:?}"), fits);
    Holdings::of(project, devserve)
}
