use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::process::Pid;

/// The state of a socket that listens, in the kernel's tables (`TCP_LISTEN`).
const LISTEN: &str = "0A";

/// A TCP address on which a process listens, if the system tells.
pub(super) fn address_of(pid: Pid) -> Option<SocketAddr> {
    let folder = format!("/proc/{}", pid.as_raw_nonzero());
    let sockets: Vec<_> = fs::read_dir(format!("{folder}/fd"))
        .ok()?
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter_map(|link| inode(link.to_str()?).map(str::to_owned))
        .collect();
    ["tcp", "tcp6"].iter().find_map(|table| {
        let table = fs::read_to_string(format!("{folder}/net/{table}")).ok()?;
        let rows = table.lines().filter_map(listener);
        rows.into_iter()
            .find(|(_, inode)| sockets.iter().any(|socket| socket == inode))
            .map(|(address, _)| address)
    })
}

/// `socket:[4711]` is number 4711.
fn inode(link: &str) -> Option<&str> {
    link.strip_prefix("socket:[")?.strip_suffix(']')
}

/// A row of proc(5)'s table, if its socket listens: where, and the socket's number.
fn listener(row: &str) -> Option<(SocketAddr, &str)> {
    let mut columns = row.split_whitespace();
    let local = columns.nth(1)?;
    let state = columns.nth(1)?;
    let inode = columns.nth(5)?;
    (state == LISTEN).then_some((address(local)?, inode))
}

/// `0100007F:1F40`: words of 32 bits in the machine's order, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::new();
    for start in (0..host.len()).step_by(8) {
        let word = u32::from_str_radix(host.get(start..start + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    if let Ok(bytes) = <[u8; 4]>::try_from(&*bytes) {
        return Some((Ipv4Addr::from(bytes), port).into());
    }
    let bytes = <[u8; 16]>::try_from(&*bytes).ok()?;
    Some((Ipv6Addr::from(bytes), port).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn a_row_tells_who_listens_where() {
        let row = "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  \
                   1000        0 4711 1 0000000000000000 100 0 0 10 0";
        let want = ("127.0.0.1:8000".parse().unwrap(), "4711");
        assert_eq!(listener(row), Some(want));
        assert_eq!(listener(&row.replace(" 0A ", " 01 ")), None);
        assert_eq!(
            listener("  sl  local_address rem_address   st tx_queue"),
            None
        );
        let v6 = address("00000000000000000000000001000000:0050");
        assert_eq!(v6, "[::1]:80".parse().ok());
        assert_eq!(inode("socket:[12]"), Some("12"));
        assert_eq!(inode("pipe:[12]"), None);
    }

    #[test]
    fn this_process_listens_where_it_says() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let own = rustix::process::getpid();
        let found = address_of(own).expect("a socket of ours");
        // Other tests of this process may listen too.
        assert!(
            found.ip().is_loopback() || found.ip().is_unspecified(),
            "{found}"
        );
        drop(socket);
    }
}
