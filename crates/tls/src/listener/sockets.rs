//! Listening sockets.

use std::{io, net::SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::Kind;

/// A port that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) kind: Kind,
    pub(super) address: SocketAddr,
}

/// Opens all, or none.
///
/// Where any free port will do, one kind takes the same on each address if it can; `known` are the ports open already.
/// A wildcard of a family that this machine does not have is left out when another address remains.
///
/// # Errors
/// One line: the address and what to do.
pub(super) fn open_all(
    asks: &[Ask],
    mut known: Vec<(Ask, SocketAddr)>,
) -> Result<Vec<(Ask, SocketAddr, TcpListener)>, String> {
    let mut opened = Vec::new();
    let mut left_out = None;
    for ask in asks {
        let sibling = known.iter().find(|(other, _)| other.kind == ask.kind && other.address.port() == 0);
        let sibling = sibling.map(|(_, local)| local.port()).filter(|_| ask.address.port() == 0);
        let same = sibling.and_then(|port| open(SocketAddr::new(ask.address.ip(), port)).ok());
        let listener = match same.map_or_else(|| open(ask.address), Ok) {
            Ok(listener) => listener,
            Err(error) if ask.address.ip().is_unspecified() && is_family_missing(&error) => {
                left_out = Some(explain(ask.address, &error));
                continue;
            }
            Err(error) => return Err(explain(ask.address, &error)),
        };
        let local = listener.local_addr().map_err(|error| explain(ask.address, &error))?;
        known.push((*ask, local));
        opened.push((*ask, local, listener));
    }
    match left_out {
        Some(why) if known.is_empty() => Err(why),
        _ => Ok(opened),
    }
}

/// Whether all could be opened now.
///
/// # Errors
/// As [`open_all`].
pub(super) fn try_all(addresses: impl Iterator<Item = SocketAddr>) -> Result<(), String> {
    for address in addresses {
        match open(address) {
            Err(error) if !(address.ip().is_unspecified() && is_family_missing(&error)) => {
                return Err(explain(address, &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // `::` and `0.0.0.0` stand side by side, and IPv4 clients keep their own form of address.
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn is_family_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
        || error.raw_os_error() == Some(EAFNOSUPPORT)
}

fn explain(address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    let way = match error.kind() {
        io::ErrorKind::AddrInUse => format!("; another process has it: see `ss -ltnp sport = :{port}`"),
        io::ErrorKind::PermissionDenied => "; ports below 1024 need root or CAP_NET_BIND_SERVICE".to_owned(),
        io::ErrorKind::AddrNotAvailable => "; it is no address of this machine: see `ip address`".to_owned(),
        _ => String::new(),
    };
    format!("could not listen on {address}: {error}{way}")
}

/// Linux cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;
/// Linux's number for "address family not supported"; the standard library has no name for it.
const EAFNOSUPPORT: i32 = 97;
