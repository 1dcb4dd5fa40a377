//! Network: invented addresses, the networks they belong to and where people live.
//! In: seeds. Out: `Address`es of homes, clouds, universities, offices, shared exits and proxy pools.
//! Invariant: every address is in a block that nobody holds (240.0.0.0/4, 2001:db8::/32), every ASN is private-use.
//! Not here: who uses which (`honest`, `campaign`).

use std::fmt::Write as _;

use crate::dice::{Dice, key};

/// A country of account holders.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Country {
    /// ISO 3166 code.
    pub(crate) code: &'static str,
    /// Hours east of UTC.
    pub(crate) zone: i8,
    /// Telephone prefix.
    pub(crate) phone: &'static str,
    /// What most people write.
    pub(crate) tongue: Tongue,
    /// Share of ordinary users.
    weight: u8,
}

/// The languages that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tongue {
    /// English, also where the country's own language has no grammar here.
    En,
    /// Chinese.
    Zh,
    /// Spanish.
    Es,
    /// Japanese.
    Ja,
}

const fn country(code: &'static str, zone: i8, phone: &'static str, tongue: Tongue, weight: u8) -> Country {
    Country { code, zone, phone, tongue, weight }
}

/// The countries, the first of which is home to most.
pub(crate) const COUNTRIES: &[Country] = &[
    country("US", -5, "+1", Tongue::En, 30),
    country("US", -8, "+1", Tongue::En, 14),
    country("GB", 0, "+44", Tongue::En, 9),
    country("CA", -5, "+1", Tongue::En, 6),
    country("AU", 10, "+61", Tongue::En, 5),
    country("IN", 5, "+91", Tongue::En, 9),
    country("DE", 1, "+49", Tongue::En, 7),
    country("FR", 1, "+33", Tongue::En, 5),
    country("NL", 1, "+31", Tongue::En, 3),
    country("BR", -3, "+55", Tongue::En, 4),
    country("KR", 9, "+82", Tongue::En, 3),
    country("NG", 1, "+234", Tongue::En, 2),
    country("PL", 1, "+48", Tongue::En, 2),
    country("ES", 1, "+34", Tongue::Es, 4),
    country("MX", -6, "+52", Tongue::Es, 4),
    country("AR", -3, "+54", Tongue::Es, 2),
    country("JP", 9, "+81", Tongue::Ja, 5),
    country("SG", 8, "+65", Tongue::Zh, 2),
    country("HK", 8, "+852", Tongue::Zh, 2),
    country("TW", 8, "+886", Tongue::Zh, 2),
    country("MY", 8, "+60", Tongue::Zh, 1),
    country("CN", 8, "+86", Tongue::Zh, 2),
];

/// Where East and South-East Asian users live.
pub(crate) const EAST: &[&str] = &["SG", "HK", "TW", "JP", "MY", "CN"];

/// A country in proportion to its users.
pub(crate) fn any_country(dice: &mut Dice) -> u8 {
    dice.weighted(COUNTRIES.iter().map(|c| f64::from(c.weight))) as u8
}

/// One of the countries with these codes.
pub(crate) fn country_among(dice: &mut Dice, codes: &[&str]) -> u8 {
    let wanted = dice.pick(codes);
    COUNTRIES.iter().position(|c| c.code == wanted).unwrap_or(0) as u8
}

/// The country at `index`.
pub(crate) fn country_at(index: u8) -> &'static Country {
    COUNTRIES.get(usize::from(index)).unwrap_or(&COUNTRIES[0])
}

const CLOUDS: u32 = 300;
const EXITS: u32 = 340;
const SITES: u32 = 400;
/// How many exits the commercial VPN has that honest people and some campaigns use.
const VPN_EXITS: usize = 240;
/// How many addresses each transfer station has.
const STATION_EXITS: usize = 24;

/// One address: a network (10 bits) and a host in it (18 bits).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Address {
    bits: u32,
    country: u8,
    six: bool,
}

impl Address {
    fn new(net: u32, host: u64, country: u8) -> Self {
        Self { bits: 0xf000_0000 | (net % 1024) << 18 | (host & 0x3_ffff) as u32, country, six: false }
    }

    /// An address of a household: one of five providers of the country.
    pub(crate) fn home(country: u8, seed: u64) -> Self {
        let mut dice = Dice::of(&[seed, 0x40e]);
        let mut address = Self::new(u32::from(country) * 5 + dice.below(5) as u32, dice.bits(), country);
        address.six = dice.chance(0.12);
        address
    }

    /// A machine in one of eight clouds.
    pub(crate) fn cloud(cloud: u64, seed: u64) -> Self {
        let country = [0, 0, 1, 6, 17, 2, 8, 4][(cloud % 8) as usize];
        Self::new(CLOUDS + (cloud % 8) as u32, key(&[seed, 0xc10]), country)
    }

    /// A site that has a network of its own: a university, a company's egress.
    pub(crate) fn site(country: u8, seed: u64, host: u64) -> Self {
        Self::new(SITES + (key(&[seed, 0x517e]) % 600) as u32, key(&[seed, 0x517f]) & 0x3_ff00 | host & 0xff, country)
    }

    /// An exit of the commercial VPN.
    pub(crate) fn vpn(dice: &mut Dice) -> Self {
        let exit = dice.below(VPN_EXITS) as u64;
        let country = [0, 6, 8, 2, 17][(exit % 5) as usize];
        Self::new(EXITS + (exit % 4) as u32, key(&[exit, 0xe817]) & 0xfff, country)
    }

    /// An exit of transfer station `station`: resold access for individuals, through rented machines.
    pub(crate) fn station(station: u64, dice: &mut Dice) -> Self {
        let exit = dice.below(STATION_EXITS) as u64;
        Self::cloud(station, key(&[station, exit, 0x57a7]))
    }

    /// Exit `exit` of a residential proxy pool: a household somewhere.
    pub(crate) fn proxy(pool: u64, exit: u64) -> Self {
        let mut dice = Dice::of(&[pool, exit, 0x9207]);
        let mut address = Self::home(any_country(&mut dice), dice.bits());
        address.six = false;
        address
    }

    /// The ASN of its network.
    pub(crate) fn asn(self) -> i64 {
        4_200_000_000 + i64::from(self.bits >> 18 & 0x3ff)
    }

    /// The country that a lookup would give.
    pub(crate) fn country(self) -> &'static str {
        country_at(self.country).code
    }

    /// Appends it as text.
    pub(crate) fn write(self, out: &mut String) {
        let [a, b, c, d] = self.bits.to_be_bytes();
        let _ = if self.six {
            write!(out, "2001:db8:{:x}:{c:x}{d:02x}::{:x}", self.bits >> 16 & 0xfff, key(&[self.bits.into()]) & 0xffff)
        } else {
            write!(out, "{a}.{b}.{c}.{d}")
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn text(address: Address) -> String {
        let mut out = String::new();
        address.write(&mut out);
        out
    }

    #[test]
    fn addresses_parse_and_nobody_holds_them() {
        let mut dice = Dice::of(&[3]);
        for i in 0..2000 {
            let country = any_country(&mut dice);
            for address in [
                Address::home(country, i),
                Address::cloud(i, i),
                Address::site(country, i, 4),
                Address::vpn(&mut dice),
                Address::station(i % 3, &mut dice),
                Address::proxy(7, i),
            ] {
                let text = text(address);
                match text.parse::<std::net::IpAddr>() {
                    Ok(std::net::IpAddr::V4(ip)) => assert!(ip.octets()[0] >= 240, "{text}"),
                    Ok(std::net::IpAddr::V6(ip)) => assert_eq!(ip.segments()[..2], [0x2001, 0xdb8], "{text}"),
                    Err(e) => assert_eq!(e.to_string(), "", "{text}"),
                }
                assert!(address.asn() >= 4_200_000_000);
            }
        }
    }

    #[test]
    fn homes_differ_and_exits_are_shared() {
        let mut dice = Dice::of(&[4]);
        let homes: HashSet<String> = (0..1000).map(|i| text(Address::home(0, i))).collect();
        assert!(homes.len() > 990);
        let exits: HashSet<String> = (0..5000).map(|_| text(Address::vpn(&mut dice))).collect();
        assert!(exits.len() <= VPN_EXITS);
        let station: HashSet<String> = (0..5000).map(|_| text(Address::station(1, &mut dice))).collect();
        assert!(station.len() <= STATION_EXITS);
    }
}
