use std::fs;
use std::path::Path;

use notify::ErrorKind;
use rustix::io::Errno;

/// File systems whose files others can change without this kernel's knowing, by the number
/// statfs(2) tells, and their names.
///
/// overlay is not among them: what a container writes, it is told of.
const FOREIGN: [(u32, &str); 18] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x0102_1997, "9p"),   // Windows' drives in WSL, shared folders of QEMU
    (0x6573_5546, "FUSE"), // sshfs, virtiofs, Docker Desktop
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
    (0x7c7c_6673, "prl_fs"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x564c, "NCP"),
];

/// The name of the file system at `path`, if inotify does not tell of all changes there.
pub(crate) fn foreign(path: &Path) -> Option<&'static str> {
    // What cannot be asked about is not there, or not to be watched either.
    name_of(rustix::fs::statfs(path).ok()?.f_type)
}

fn name_of(kind: rustix::fs::FsWord) -> Option<&'static str> {
    // Kernels tell 32 bits; some types carry them with a sign.
    let known = FOREIGN.iter().find(|(number, _)| *number == kind as u32);
    known.map(|(_, name)| *name)
}

/// Why inotify does not watch, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// In words: `fs.inotify.max_user_watches is 8192, and all are taken`.
    pub(crate) reason: String,
    /// A command, where one helps.
    pub(crate) help: Option<String>,
}

/// What `error` means. Limits are those of the user in this user namespace, and shared with
/// every editor and sync tool.
pub(crate) fn refusal(error: &notify::Error) -> Refusal {
    let limit = match &error.kind {
        ErrorKind::MaxFilesWatch => &WATCHES,
        // inotify_init(2) says the same where the process has no descriptor left, but then
        // nothing else works either.
        ErrorKind::Io(source) if Errno::from_io_error(source) == Some(Errno::MFILE) => &INSTANCES,
        _ => {
            return Refusal {
                reason: error.to_string(),
                help: None,
            };
        }
    };
    let read = |path: &str| -> Option<u64> { fs::read_to_string(path).ok()?.trim().parse().ok() };
    limit.refusal(read(limit.of_all), read(limit.of_namespace))
}

/// A limit of inotify's, and the two places where it is set.
struct Limit {
    of_all: &'static str,
    of_namespace: &'static str,
    name: &'static str,
    name_in_namespace: &'static str,
    enough: u64,
}

const WATCHES: Limit = Limit {
    of_all: "/proc/sys/fs/inotify/max_user_watches",
    of_namespace: "/proc/sys/user/max_inotify_watches",
    name: "fs.inotify.max_user_watches",
    name_in_namespace: "user.max_inotify_watches",
    enough: 524_288,
};

const INSTANCES: Limit = Limit {
    of_all: "/proc/sys/fs/inotify/max_user_instances",
    of_namespace: "/proc/sys/user/max_inotify_instances",
    name: "fs.inotify.max_user_instances",
    name_in_namespace: "user.max_inotify_instances",
    enough: 1024,
};

impl Limit {
    /// Names the setting that was met: the lower one. Outside of namespaces both are one.
    fn refusal(&self, of_all: Option<u64>, of_namespace: Option<u64>) -> Refusal {
        let (name, value) = match (of_all, of_namespace) {
            (Some(all), Some(namespace)) if namespace < all => (self.name_in_namespace, namespace),
            (Some(all), _) => (self.name, all),
            (None, Some(namespace)) => (self.name_in_namespace, namespace),
            (None, None) => {
                return Refusal {
                    reason: format!("{} is used up", self.name),
                    help: Some(self.help(self.name, self.enough)),
                };
            }
        };
        Refusal {
            reason: format!("{name} is {value}, and used up"),
            help: Some(self.help(name, self.enough.max(value.saturating_mul(2)))),
        }
    }

    fn help(&self, name: &str, enough: u64) -> String {
        format!("sudo sysctl {name}={enough}")
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn file_systems_that_others_write_to_are_known_by_their_numbers() {
        for (kind, want) in [
            (0x6969, Some("NFS")),
            (0xff53_4d42, Some("CIFS")),
            (0x0102_1997, Some("9p")),
            (0x6573_5546, Some("FUSE")),
            (0xef53, None),      // ext4
            (0x9123_683e, None), // btrfs
            (0x0102_1994, None), // tmpfs
            (0x794c_7630, None), // overlay
        ] {
            assert_eq!(name_of(kind), want, "{kind:#x}");
        }
        // With the sign that a 32-bit number may have been given.
        assert_eq!(
            name_of(i64::from(0xff53_4d42_u32 as i32) as _),
            Some("CIFS")
        );
        assert_eq!(foreign(Path::new("/proc/self/no such file")), None);
    }

    #[track_caller]
    fn check(of_all: Option<u64>, of_namespace: Option<u64>, reason: &str, help: &str) {
        let refusal = WATCHES.refusal(of_all, of_namespace);
        assert_eq!(
            (refusal.reason.as_str(), refusal.help.as_deref()),
            (reason, Some(help))
        );
    }

    #[test]
    fn the_limit_that_was_met_is_named_with_its_value_and_a_better_one() {
        check(
            Some(8192),
            Some(8192),
            "fs.inotify.max_user_watches is 8192, and used up",
            "sudo sysctl fs.inotify.max_user_watches=524288",
        );
        check(
            Some(1_000_000),
            Some(1_000_000),
            "fs.inotify.max_user_watches is 1000000, and used up",
            "sudo sysctl fs.inotify.max_user_watches=2000000",
        );
        check(
            Some(8192),
            Some(7),
            "user.max_inotify_watches is 7, and used up",
            "sudo sysctl user.max_inotify_watches=524288",
        );
        check(
            None,
            None,
            "fs.inotify.max_user_watches is used up",
            "sudo sysctl fs.inotify.max_user_watches=524288",
        );
    }

    #[test]
    fn errors_that_are_no_limit_speak_for_themselves() {
        let denied = notify::Error::io(io::ErrorKind::PermissionDenied.into());
        assert_eq!(refusal(&denied).help, None);
        let full = refusal(&notify::Error::io(Errno::MFILE.into()));
        assert!(full.reason.contains("max_user_instances"), "{full:?}");
        let full = refusal(&notify::Error::new(ErrorKind::MaxFilesWatch));
        assert!(full.reason.contains("max_"), "{full:?}");
    }
}
