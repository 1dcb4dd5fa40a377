//! Carve: networks for points that know no exceptions, with those that are let through cut out.
//! In: a table, the time. Out: pieces of networks, none of which touches one that is let through.
//! Invariant: pieces and what was cut out make up the network exactly.
//! Not here: points that match the longest prefix and need no pieces (`nginx.rs`, `haproxy.rs`).

use ipnet::IpNet;

use crate::action::Action;
use crate::table::Table;
use crate::table::row::{Best, Key};

/// Networks that are let through, sorted, none inside another.
#[derive(Debug, Default, Clone)]
pub struct Allowed {
    nets: Vec<IpNet>,
}

impl Allowed {
    /// Those of a table at a time.
    #[must_use]
    pub fn of(table: &Table, now: i64) -> Self {
        // Between now and now nothing turns: what is left are those that let through.
        let allowed = table.turning(now, now).into_iter().filter_map(|line| match line.key {
            Key::Network(net) if line.acts(now) == Some(Action::Allow) => Some(net),
            _ => None,
        });
        Self::new(allowed)
    }

    /// Those given.
    #[must_use]
    pub fn new(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let mut nets: Vec<IpNet> = nets.into_iter().collect();
        nets.sort_unstable();
        nets.dedup_by(|inner, outer| outer.contains(&*inner));
        Allowed { nets }
    }

    /// Those inside a network.
    fn inside(&self, net: IpNet) -> &[IpNet] {
        let begin = self.nets.partition_point(|other| *other < net);
        let inside = self.nets[begin..].iter().take_while(|other| net.contains(*other)).count();
        &self.nets[begin..begin + inside]
    }

    /// Whether one of them contains a network.
    fn contains(&self, net: IpNet) -> bool {
        let after = self.nets.partition_point(|other| *other <= net);
        after.checked_sub(1).and_then(|at| self.nets.get(at)).is_some_and(|other| other.contains(&net))
    }

    /// A network without them.
    #[must_use]
    pub fn cut(&self, net: IpNet) -> Vec<IpNet> {
        let mut pieces = Vec::new();
        if !self.contains(net) {
            cut(net, self.inside(net), &mut pieces);
        }
        pieces
    }
}

fn cut(net: IpNet, allowed: &[IpNet], pieces: &mut Vec<IpNet>) {
    if allowed.is_empty() {
        pieces.push(net);
        return;
    }
    if allowed.contains(&net) {
        return;
    }
    for half in net.subnets(net.prefix_len() + 1).into_iter().flatten() {
        let begin = allowed.partition_point(|other| *other < half);
        let end = begin + allowed[begin..].iter().take_while(|other| half.contains(*other)).count();
        cut(half, &allowed[begin..end], pieces);
    }
}

/// Every network, cut into pieces, with what wins for it; those that are let through are not among them.
pub fn networks<'a>(table: &'a Table, allowed: &'a Allowed, now: i64) -> impl Iterator<Item = (IpNet, Best<'a>)> {
    table.keys(now).filter(|(_, best)| best.action != Action::Allow).flat_map(move |(key, _)| {
        let pieces = match key {
            Key::Network(net) => allowed.cut(net),
            Key::Exact(..) => Vec::new(),
        };
        // A piece may lie in a narrower network that is hit harder.
        pieces.into_iter().filter_map(move |piece| Some((piece, table.find(Key::Network(piece), now)?)))
    })
}
