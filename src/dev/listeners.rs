use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use rustix::process::Pid;

use crate::dev::upstream::Upstream;

/// A socket that waits for connections, as the kernel lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listening {
    // What /proc calls the socket wherever it names it.
    inode: u64,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Tcp(SocketAddr),
    // As it was bound: relative to the folder its program was in.
    Unix(PathBuf),
}

/// Which sockets to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kinds {
    Tcp,
    /// There are many Unix sockets on a desktop, and reading them all takes its time.
    All,
}

/// The sockets that wait for connections now, whoever has them.
pub(crate) fn inodes(kinds: Kinds) -> io::Result<HashSet<u64>> {
    Ok(all(kinds)?.into_iter().map(|socket| socket.inode).collect())
}

/// Where the processes of `group` wait for connections, and those they started: the group's
/// leader first, and of one process what it opened first. Sockets in `known` are left out.
pub(crate) fn of_group(
    group: Pid,
    known: &HashSet<u64>,
    kinds: Kinds,
) -> io::Result<Vec<Upstream>> {
    let mut new: HashMap<u64, Place> = all(kinds)?
        .into_iter()
        .filter(|socket| !known.contains(&socket.inode))
        .map(|socket| (socket.inode, socket.place))
        .collect();
    let mut found = Vec::new();
    if new.is_empty() {
        return Ok(found); // the usual case, and cheap
    }
    for pid in family(&processes()?, group.as_raw_pid()) {
        for inode in sockets_of(pid) {
            match new.remove(&inode) {
                Some(Place::Tcp(address)) => found.push(Upstream::Tcp(reachable(address))),
                Some(Place::Unix(path)) => {
                    // Joined to an absolute path, that is all that is left.
                    let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
                    found.push(Upstream::Unix(folder.join(path).into()));
                }
                None => {} // connected, of another kind, or seen in another process
            }
        }
    }
    Ok(found)
}

/// Whether somebody, of whatever group, waits at TCP port `port`, on a socket that is not in
/// `known`.
pub(crate) fn at_port(port: u16, known: &HashSet<u64>) -> io::Result<Option<Upstream>> {
    let socket = all(Kinds::Tcp)?
        .into_iter()
        .filter(|socket| !known.contains(&socket.inode))
        .find_map(|socket| match socket.place {
            Place::Tcp(address) if address.port() == port => Some(address),
            _ => None,
        });
    Ok(socket.map(|address| Upstream::Tcp(reachable(address))))
}

fn all(kinds: Kinds) -> io::Result<Vec<Listening>> {
    let mut sockets: Vec<Listening> = read("tcp")?.lines().filter_map(tcp).collect();
    // Absent where the system was started without IPv6.
    sockets.extend(read("tcp6").unwrap_or_default().lines().filter_map(tcp));
    if kinds == Kinds::All {
        sockets.extend(read("unix")?.lines().filter_map(unix));
    }
    Ok(sockets)
}

fn read(name: &str) -> io::Result<String> {
    // Paths of Unix sockets are bytes of any kind.
    Ok(String::from_utf8_lossy(&fs::read(Path::new("/proc/net").join(name))?).into_owned())
}

/// A line of `/proc/net/tcp` or `tcp6` (proc_net_tcp in the kernel's documentation), if its
/// socket listens.
fn tcp(line: &str) -> Option<Listening> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, local, _, LISTEN, _, _, _, _, _, inode, ..] = *fields.as_slice() else {
        return None;
    };
    let (ip, port) = local.split_once(':')?;
    let place = Place::Tcp(SocketAddr::new(
        address(ip)?,
        u16::from_str_radix(port, 16).ok()?,
    ));
    let inode = inode.parse().ok()?;
    Some(Listening { inode, place })
}

/// An address in words of 32 bits, each printed as a number of this machine.
fn address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = hex.get(at..at + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(IpAddr::from(Ipv6Addr::from(bytes)).to_canonical())
        }
        _ => None,
    }
}

/// A line of `/proc/net/unix` (proc(5)), if its socket listens and has a file.
fn unix(line: &str) -> Option<Listening> {
    const ACCEPTS_CONNECTIONS: u32 = 0x10000;
    const STREAM: &str = "0001";
    // The path is the rest of the line, spaces and all.
    let mut rest = line;
    let mut next = || {
        let (field, behind) = rest.trim_start().split_once(' ')?;
        rest = behind;
        Some(field)
    };
    let (_num, _references, _protocol) = (next()?, next()?, next()?);
    let flags = u32::from_str_radix(next()?, 16).ok()?;
    let (kind, _state, inode) = (next()?, next()?, next()?);
    let is_named = !rest.is_empty() && !rest.starts_with('@');
    (flags & ACCEPTS_CONNECTIONS != 0 && kind == STREAM && is_named).then(|| {
        Some(Listening {
            inode: inode.parse().ok()?,
            place: Place::Unix(rest.into()),
        })
    })?
}

/// Where to connect to reach who listens at `address`.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {} // an address of its own
    }
    address
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
}

fn processes() -> io::Result<Vec<Process>> {
    let entries = fs::read_dir("/proc")?.flatten();
    let is_process = |name: &std::ffi::OsString| name.as_encoded_bytes()[0].is_ascii_digit();
    Ok(entries
        .filter(|entry| is_process(&entry.file_name()))
        // A process that has gone meanwhile has no sockets.
        .filter_map(|entry| process(&fs::read_to_string(entry.path().join("stat")).ok()?))
        .collect())
}

/// A `/proc/PID/stat` (proc(5)). The name in it may hold anything, spaces and brackets too.
fn process(stat: &str) -> Option<Process> {
    let (pid, _) = stat.split_once(' ')?;
    let (_, behind_name) = stat.rsplit_once(") ")?;
    let mut fields = behind_name.split(' ').skip(1);
    Some(Process {
        pid: pid.parse().ok()?,
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

/// The group's processes and all they started, its leader first: some leave the group, and some
/// lose their parent, but rarely both.
fn family(processes: &[Process], group: i32) -> Vec<i32> {
    let mut members: Vec<i32> = processes
        .iter()
        .filter(|process| process.group == group)
        .map(|process| process.pid)
        .collect();
    members.sort_by_key(|pid| *pid != group);
    let mut next = 0;
    while let Some(parent) = members.get(next).copied() {
        next += 1;
        for process in processes {
            if process.parent == parent && !members.contains(&process.pid) {
                members.push(process.pid);
            }
        }
    }
    members
}

/// The sockets of a process, in the order of its descriptors.
fn sockets_of(pid: i32) -> Vec<u64> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return Vec::new(); // it has gone, or is somebody else's
    };
    let mut sockets: Vec<(i32, u64)> = entries
        .flatten()
        .filter_map(|entry| {
            let descriptor = entry.file_name().to_str()?.parse().ok()?;
            let link = fs::read_link(entry.path()).ok()?;
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some((descriptor, inode.parse().ok()?))
        })
        .collect();
    sockets.sort_unstable();
    sockets.into_iter().map(|(_, inode)| inode).collect()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[track_caller]
    fn check_tcp(line: &str, want: Option<(&str, u64)>) {
        let want = want.map(|(address, inode)| Listening {
            inode,
            place: Place::Tcp(address.parse().unwrap()),
        });
        assert_eq!(tcp(line), want, "{line}");
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn listening_tcp_sockets_are_read() {
        check_tcp(
            "   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 \
             0 31337 1 0000000000000000 100 0 0 10 0",
            Some(("127.0.0.1:3000", 31337)),
        );
        check_tcp(
            "  12: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A \
             00000000:00000000 00:00000000 00000000     0        0 7 1 0000000000000000 100 0 0 10 0",
            Some(("[::1]:8080", 7)),
        );
        check_tcp(
            "   1: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A \
             00000000:00000000 00:00000000 00000000     0        0 8 1 0",
            Some(("127.0.0.1:80", 8)),
        );
    }

    #[test]
    fn other_lines_of_tcp_are_passed_over() {
        for line in [
            "",
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  \
             timeout inode",
            "   1: 0100007F:AB02 507100CB:01BB 01 00000000:00000000 00:00000000 00000000     0 \
             0 48604 1 0",
            "   1: 0100007:0BB8 00000000:0000 0A 0:0 0:0 0 0 0 5 1",
            "   1: 0100007F:0BB8 00000000:0000 0A 0:0 0:0 0 0 0 x 1",
        ] {
            check_tcp(line, None);
        }
    }

    #[track_caller]
    fn check_unix(line: &str, want: Option<(&str, u64)>) {
        let want = want.map(|(path, inode)| Listening {
            inode,
            place: Place::Unix(path.into()),
        });
        assert_eq!(unix(line), want, "{line}");
    }

    #[test]
    fn listening_unix_sockets_are_read_by_their_paths() {
        let line = "00000000ffc2d383: 00000002 00000000 00010000 0001 01 47879 /run/my shop.sock";
        check_unix(line, Some(("/run/my shop.sock", 47879)));
        for line in [
            "Num       RefCount Protocol Flags    Type St Inode Path",
            "00000000ffc2d383: 00000002 00000000 00010000 0001 01 47879 @abstract",
            "00000000ffc2d383: 00000002 00000000 00010000 0005 01 47879 /run/packets",
            "00000000ffc2d383: 00000003 00000000 00000000 0001 03 47879 /run/connected",
            "00000000ffc2d383: 00000003 00000000 00000000 0001 03 47879",
        ] {
            check_unix(line, None);
        }
    }

    #[test]
    fn a_wildcard_is_reached_on_this_machine() {
        for (at, want) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("192.0.2.1:1", "192.0.2.1:1"),
        ] {
            assert_eq!(reachable(at.parse().unwrap()).to_string(), want);
        }
    }

    #[test]
    fn a_process_is_read_whatever_its_name() {
        let want = Process {
            pid: 12,
            parent: 3,
            group: 4,
        };
        assert_eq!(process("12 (sh) S 3 4 4 0 -1"), Some(want));
        assert_eq!(process("12 (a) R (b c) S 3 4 4 0 -1"), Some(want));
        assert_eq!(process("12 (sh"), None);
    }

    #[test]
    fn a_family_is_the_group_and_its_descendants() {
        let processes = [
            (1, 0, 1),
            (9, 1, 7),
            (7, 1, 7),
            (20, 9, 20),
            (21, 20, 20),
            (30, 1, 30),
        ]
        .map(|(pid, parent, group)| Process { pid, parent, group });
        assert_eq!(family(&processes, 7), [7, 9, 20, 21]);
        assert_eq!(family(&processes, 8), [] as [i32; 0]);
    }

    #[test]
    fn our_own_sockets_are_found_in_the_order_they_were_opened() {
        let known = inodes(Kinds::All).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a b.sock");
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let second = TcpListener::bind("0.0.0.0:0").unwrap();
        let _third = UnixListener::bind(&path).unwrap();
        let group = rustix::process::getpgrp();
        let of_group = |kinds| of_group(group, &known, kinds).unwrap();
        let place = |of: &TcpListener| Upstream::Tcp(reachable(of.local_addr().unwrap()));
        // Other tests of this process open sockets too.
        let ours = [place(&first), place(&second), Upstream::Unix(path.into())];
        let mut found = of_group(Kinds::All);
        found.retain(|upstream| ours.contains(upstream));
        assert_eq!(found, ours);
        assert!(!of_group(Kinds::Tcp).contains(&ours[2]));
        let port = first.local_addr().unwrap().port();
        assert_eq!(at_port(port, &known).unwrap(), Some(place(&first)));
        assert_eq!(at_port(port, &inodes(Kinds::Tcp).unwrap()).unwrap(), None);
    }
}
