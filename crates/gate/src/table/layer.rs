//! Layer: decisions of every kind of key, built once and never changed.
//! In: lines. Out: the lines of a key, of the networks around one, and all of them.
//! Invariant: what several decisions have in common (action, code, rule) is kept once.
//! Not here: changes since it was built (`table.rs`).

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::entry::Course;
use crate::subject::Kind;
use crate::table::exact::Exact;
use crate::table::prefixes::Prefixes;
use crate::table::row::{Key, Line, Row};

/// Decisions, by key.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    courses: Vec<Course>,
    accounts: Exact,
    clients: Exact,
    ja4: Exact,
    v4: Prefixes,
    v6: Prefixes,
    count: usize,
}

impl Layer {
    pub(crate) fn build<'a>(lines: impl IntoIterator<Item = Line<'a>>) -> Self {
        let mut courses: Vec<Course> = Vec::new();
        let mut known: HashMap<&Course, u32> = HashMap::new();
        let (mut accounts, mut clients, mut ja4) = (Vec::new(), Vec::new(), Vec::new());
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let mut count = 0;
        for line in lines {
            let course = *known.entry(line.course).or_insert_with(|| {
                courses.push(line.course.clone());
                courses.len() as u32 - 1
            });
            let row = line.row(course);
            count += 1;
            match line.key {
                Key::Exact(Kind::Client, key) => clients.push((key, row)),
                Key::Exact(Kind::Ja4, key) => ja4.push((key, row)),
                Key::Exact(_, key) => accounts.push((key, row)),
                Key::Network(net) if net.addr().is_ipv4() => v4.push((bits(net), row)),
                Key::Network(net) => v6.push((bits(net), row)),
            }
        }
        Layer {
            courses,
            accounts: Exact::build(accounts),
            clients: Exact::build(clients),
            ja4: Exact::build(ja4),
            v4: Prefixes::build(v4),
            v6: Prefixes::build(v6),
            count,
        }
    }

    /// Lines with exactly this key.
    pub(crate) fn find<'a>(&'a self, key: Key<'a>) -> impl Iterator<Item = Line<'a>> {
        let rows = match key {
            Key::Exact(kind, text) => self.exact(kind).find(text),
            Key::Network(net) => {
                let (address, length) = bits(net);
                self.family(net).find(address, length)
            }
        };
        rows.iter().filter_map(move |row| self.line(row, key))
    }

    /// Lines of the networks that contain a network, longest prefix first.
    pub(crate) fn around(&self, net: IpNet) -> impl Iterator<Item = Line<'_>> {
        let (address, length) = bits(net);
        let v4 = net.addr().is_ipv4();
        self.family(net).around(address, length).flat_map(move |((address, length), rows)| {
            let key = network(v4, address, length);
            rows.iter().filter_map(move |row| self.line(row, key))
        })
    }

    /// Lines of the networks inside a network, itself included.
    pub(crate) fn inside(&self, net: IpNet) -> impl Iterator<Item = Line<'_>> {
        let (address, length) = bits(net);
        let v4 = net.addr().is_ipv4();
        self.family(net).inside(address, length).flat_map(move |((address, length), rows)| {
            let key = network(v4, address, length);
            rows.iter().filter_map(move |row| self.line(row, key))
        })
    }

    /// All lines, those of one key together: accounts, clients, fingerprints, IPv4, IPv6.
    pub(crate) fn all(&self) -> impl Iterator<Item = Line<'_>> {
        let exact = [(Kind::Account, &self.accounts), (Kind::Client, &self.clients), (Kind::Ja4, &self.ja4)];
        let exact = exact
            .into_iter()
            .flat_map(|(kind, keys)| keys.all().map(move |(text, rows)| (Key::Exact(kind, text), rows)));
        let nets = [(true, &self.v4), (false, &self.v6)].into_iter().flat_map(|(v4, nets)| {
            nets.all().map(move |((address, length), rows)| (network(v4, address, length), rows))
        });
        exact.chain(nets).flat_map(move |(key, rows)| rows.iter().filter_map(move |row| self.line(row, key)))
    }

    /// Lines whose row and course are wanted: keys are read for those only.
    pub(crate) fn wanted<'a>(
        &'a self,
        want: impl Fn(&Row, &Course) -> bool + Copy + 'a,
    ) -> impl Iterator<Item = Line<'a>> {
        let want = move |row: &Row| self.courses.get(row.course as usize).is_some_and(|course| want(row, course));
        let exact = [(Kind::Account, &self.accounts), (Kind::Client, &self.clients), (Kind::Ja4, &self.ja4)];
        let exact = exact
            .into_iter()
            .flat_map(move |(kind, keys)| keys.wanted(want).map(move |(text, row)| (Key::Exact(kind, text), row)));
        let nets = [(true, &self.v4), (false, &self.v6)].into_iter().flat_map(move |(v4, nets)| {
            nets.wanted(want).map(move |((address, length), row)| (network(v4, address, length), row))
        });
        exact.chain(nets).filter_map(move |(key, row)| self.line(row, key))
    }

    /// Each key once, with the lines that bear on it: its own first, those of wider networks after.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (Key<'_>, impl Iterator<Item = Line<'_>>)> {
        let exact = [(Kind::Account, &self.accounts), (Kind::Client, &self.clients), (Kind::Ja4, &self.ja4)];
        let exact =
            exact.into_iter().flat_map(|(kind, keys)| keys.all().map(move |(text, _)| (Key::Exact(kind, text), None)));
        let nets = [(true, &self.v4), (false, &self.v6)].into_iter().flat_map(|(v4, nets)| {
            (0..)
                .zip(nets.all())
                .map(move |(at, ((address, length), _))| (network(v4, address, length), Some((v4, at))))
        });
        exact.chain(nets).map(move |(key, place)| {
            let own = if place.is_none() { Some(self.find(key)) } else { None };
            let around = place.map(|(v4, at)| {
                let nets = if v4 { &self.v4 } else { &self.v6 };
                nets.climb(at).flat_map(move |((address, length), rows)| {
                    let key = network(v4, address, length);
                    rows.iter().filter_map(move |row| self.line(row, key))
                })
            });
            (key, own.into_iter().flatten().chain(around.into_iter().flatten()))
        })
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Bytes in use, keys included, and bytes of keys.
    pub(crate) fn size(&self) -> (usize, usize) {
        let exact = [&self.accounts, &self.clients, &self.ja4].into_iter().map(Exact::size);
        let nets = [&self.v4, &self.v6].into_iter().map(Prefixes::size);
        let courses = self.courses.capacity() * size_of::<Course>();
        exact.chain(nets).fold((courses, 0), |(all, keys), (a, k)| (all + a, keys + k))
    }

    fn exact(&self, kind: Kind) -> &Exact {
        match kind {
            Kind::Client => &self.clients,
            Kind::Ja4 => &self.ja4,
            Kind::Account | Kind::Network => &self.accounts,
        }
    }

    fn family(&self, net: IpNet) -> &Prefixes {
        if net.addr().is_ipv4() { &self.v4 } else { &self.v6 }
    }

    fn line<'a>(&'a self, row: &Row, key: Key<'a>) -> Option<Line<'a>> {
        self.courses.get(row.course as usize).map(|course| Line::new(row, key, course))
    }
}

/// Address and length; IPv4 lies in the upper 32 bits.
fn bits(net: IpNet) -> (u128, u8) {
    let address = match net.network() {
        IpAddr::V4(v4) => u128::from(u32::from(v4)) << 96,
        IpAddr::V6(v6) => u128::from(v6),
    };
    (address, net.prefix_len())
}

fn network<'a>(v4: bool, address: u128, length: u8) -> Key<'a> {
    let ip = if v4 { IpAddr::V4(((address >> 96) as u32).into()) } else { IpAddr::V6(address.into()) };
    // The length was that of a network when it was put here.
    Key::Network(IpNet::new(ip, length).unwrap_or_else(|_| IpNet::from(ip)))
}
