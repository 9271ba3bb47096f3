//! The table of open connections: a share for each peer, and room for new ones when it is crowded.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::client_address::household;
use crate::limits::ServerLimits;
use crate::timed_stream::Activity;

/// The open connections of one listener.
pub(crate) struct ConnectionTable {
    connections: usize,
    per_address: usize,
    trusted_proxies: Vec<IpNet>,
    state: Mutex<TableState>,
}

#[derive(Default)]
struct TableState {
    next_id: u64,
    open: HashMap<u64, OpenConnection>,
    by_address: HashMap<IpAddr, usize>,
}

struct OpenConnection {
    address: IpAddr,
    activity: Arc<Activity>,
    close: CancellationToken,
}

/// A connection in the table, until it is dropped.
pub(crate) struct TableEntry {
    table: Arc<ConnectionTable>,
    id: u64,
    pub(crate) activity: Arc<Activity>,
    /// Cancelled when the connection must make room for another.
    pub(crate) close: CancellationToken,
}

impl ConnectionTable {
    pub(crate) fn new(limits: &ServerLimits) -> Self {
        Self {
            connections: limits.connections.max(1),
            per_address: limits.connections_per_address.max(1),
            trusted_proxies: limits.trusted_proxies.clone(),
            state: Mutex::default(),
        }
    }

    /// Adds a connection, closing an idle one if the table or the share of the peer is full.
    ///
    /// A peer that exceeds its share closes its own idle connection. In a full table the peer with the most
    /// connections does. Trusted proxies have no share, because they carry the connections of many clients.
    /// Returns `None` if every connection that could be closed has a request in progress.
    pub(crate) fn add(self: &Arc<Self>, peer: IpAddr) -> Option<TableEntry> {
        let address = household(peer);
        let is_proxy = self.trusted_proxies.iter().any(|network| network.contains(&peer.to_canonical()));
        let mut state = self.state.lock();
        let own = state.by_address.get(&address).copied().unwrap_or(0);
        if own >= self.per_address && !is_proxy {
            state.close_idle(|connection| connection.address == address)?;
        } else if state.open.len() >= self.connections {
            state.close_idle(|_| true)?;
        }
        let id = state.next_id;
        state.next_id += 1;
        let (activity, close) = (Arc::new(Activity::default()), CancellationToken::new());
        let connection = OpenConnection { address, activity: Arc::clone(&activity), close: close.clone() };
        state.open.insert(id, connection);
        *state.by_address.entry(address).or_default() += 1;
        drop(state);
        Some(TableEntry { table: Arc::clone(self), id, activity, close })
    }
}

impl TableState {
    /// Closes the connection that has been idle for longest, of the address with the most connections among those
    /// that `may_close` selects.
    fn close_idle(&mut self, may_close: impl Fn(&OpenConnection) -> bool) -> Option<()> {
        let idle = self.open.iter().filter(|(_, connection)| may_close(connection)).filter_map(|(id, connection)| {
            let since = connection.activity.idle_since()?;
            Some((self.by_address.get(&connection.address).copied().unwrap_or(0), since, *id))
        });
        let (_, _, id) = idle.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)))?;
        self.remove(id).map(|connection| connection.close.cancel())
    }

    fn remove(&mut self, id: u64) -> Option<OpenConnection> {
        let connection = self.open.remove(&id)?;
        if let Some(count) = self.by_address.get_mut(&connection.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&connection.address);
            }
        }
        Some(connection)
    }
}

impl Drop for TableEntry {
    fn drop(&mut self) {
        self.table.state.lock().remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(connections: usize, per_address: usize) -> Arc<ConnectionTable> {
        let trusted_proxies = vec!["10.0.0.0/8".parse().expect("a range")];
        let limits = ServerLimits {
            connections,
            connections_per_address: per_address,
            trusted_proxies,
            ..ServerLimits::default()
        };
        Arc::new(ConnectionTable::new(&limits))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_full_share_closes_the_oldest_idle_connection_of_its_address_and_no_other() {
        let table = table(10, 2);
        let other = table.add(address("192.0.2.9")).expect("room");
        let (first, second) =
            (table.add(address("192.0.2.1")).expect("room"), table.add(address("192.0.2.1")).expect("room"));
        let third = table.add(address("192.0.2.1")).expect("an idle connection is closed");
        assert!(first.close.is_cancelled() && !second.close.is_cancelled() && !other.close.is_cancelled());
        let _requests = [&second, &third].map(|entry| Activity::begin_request(&entry.activity));
        assert!(table.add(address("192.0.2.1")).is_none(), "both have a request in progress");
        assert!(table.add(address("192.0.2.2")).is_some());
    }

    #[test]
    fn a_full_table_closes_an_idle_connection_of_the_address_with_the_most() {
        let table = table(4, 3);
        let lonely = table.add(address("192.0.2.9")).expect("room");
        let crowd: Vec<_> = (0..3).map(|_| table.add(address("192.0.2.1")).expect("room")).collect();
        let newcomer = table.add(address("192.0.2.2")).expect("an idle connection is closed");
        assert!(!lonely.close.is_cancelled() && crowd[0].close.is_cancelled());
        drop(newcomer);
        drop(crowd);
        assert_eq!(table.state.lock().open.len(), 1);
        assert_eq!(table.state.lock().by_address.len(), 1);
    }

    #[test]
    fn a_trusted_proxy_has_no_share() {
        let table = table(10, 1);
        let entries: Vec<_> = (0..5).map(|_| table.add(address("10.1.2.3")).expect("room")).collect();
        assert!(entries.iter().all(|entry| !entry.close.is_cancelled()));
    }
}
