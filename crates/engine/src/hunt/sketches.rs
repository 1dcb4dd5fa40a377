//! Sketches: indicators looked for in saved sketches, where the logs are gone.
//! In: accounts' sketches, wanted indicators. Out: `Tallied`, patterns that sketches can't show, and what may have been missed.
//! Invariant: sketches hold hashes of addresses and clients: what can't be compared by hash is refused, never a silent miss.
//! Not here: logs (`exchanges.rs`).

use std::collections::HashMap;

use stillwatch_detect::account::Account;
use stillwatch_detect::sketch::{client_key, network_key};
use stillwatch_model::hunted::Refused;
use stillwatch_pattern::Pattern;
use stillwatch_pattern::syntax::{Condition, Constant, Expression, Operator, Test};
use stillwatch_stix::extension::CLIENT;

use super::exchanges::Looked;
use super::texts::{Counting, Texts};
use super::wanted::Look;
use super::{Tallied, Wanted};

/// Longest user agent that sketches keep whole, bytes.
const AGENT: usize = 64;

/// Indicators by hash.
#[derive(Default)]
struct Sought {
    networks: HashMap<u64, Vec<u32>>,
    clients: HashMap<u64, Vec<u32>>,
    agents: HashMap<String, Vec<u32>>,
    texts: Texts,
}

/// What a pattern comes down to: one of these holds.
enum One {
    Network(String),
    Client { agent: Option<String>, ja4: Option<String> },
}

/// Looks through sketches, on all threads.
pub(crate) fn look(accounts: &[Account], wanted: &[Wanted], threads: usize) -> Looked {
    let mut looked = Looked::default();
    let mut sought = Sought::default();
    for (number, wanted) in (0..).zip(wanted) {
        match &wanted.look {
            Look::Text { sketch, minimum } => sought.texts.add(number, sketch, *minimum),
            Look::Pattern { pattern, .. } => match simple(pattern) {
                Some(ones) => ones.into_iter().for_each(|one| sought.add(number, one)),
                None => looked.refused.push(Refused {
                    indicator: wanted.id.clone(),
                    because:
                        "sketches hold hashes of addresses and clients, which can only be compared with `=` and `IN`"
                            .into(),
                    hint: "look for it in the logs".into(),
                }),
            },
        }
    }
    let share = accounts.len().div_ceil(threads.max(1)).max(1);
    let parts: Vec<Tallied> = std::thread::scope(|scope| {
        let sought = &sought;
        let running: Vec<_> = accounts.chunks(share).map(|part| scope.spawn(move || sought.all(part))).collect();
        running.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    parts.into_iter().for_each(|part| looked.tallied.merge(part));
    looked.exchanges = accounts.iter().map(|account| account.sketch.counts.exchanges).sum();
    let many = |full: fn(&Account) -> bool| accounts.iter().filter(|account| full(account)).count();
    let addresses = many(|account| !account.sketch.networks.is_exact());
    if addresses > 0 && !sought.networks.is_empty() {
        looked.missed.push(format!(
            "{addresses} accounts used more addresses than a sketch keeps (16): an address among the others is not seen"
        ));
    }
    looked
}

impl Sought {
    fn add(&mut self, number: u32, one: One) {
        match one {
            One::Network(address) => self.networks.entry(network_key(&address)).or_default().push(number),
            One::Client { agent: Some(agent), ja4: None } => self.agents.entry(agent).or_default().push(number),
            One::Client { agent, ja4 } => {
                let key = client_key(&agent.unwrap_or_default(), &ja4.unwrap_or_default());
                self.clients.entry(key).or_default().push(number);
            }
        }
    }

    fn all(&self, accounts: &[Account]) -> Tallied {
        let (mut tallied, mut counting) = (Tallied::default(), Counting::default());
        accounts.iter().for_each(|account| self.one(account, &mut tallied, &mut counting));
        tallied
    }

    fn one(&self, account: &Account, tallied: &mut Tallied, counting: &mut Counting) {
        let sketch = &account.sketch;
        let seen = (sketch.first, sketch.last);
        let mut note = |wanted: Option<&Vec<u32>>, count: f64| {
            for &wanted in wanted.into_iter().flatten() {
                tallied.note(wanted, &account.name, count, seen, 1.0);
            }
        };
        for &(key, count) in sketch.networks.entries() {
            note(self.networks.get(&key), f64::from(count));
        }
        for &(key, count) in sketch.clients.entries() {
            note(self.clients.get(&key), f64::from(count));
        }
        for agent in &sketch.agents {
            note(self.agents.get(&*agent.name), agent.count as f64);
        }
        if self.texts.is_empty() {
            return;
        }
        let weight = account.exchanges() / sketch.samples().len().max(1) as f64;
        for sample in sketch.samples() {
            self.texts.look(sample, counting, |wanted, agreement| {
                tallied.note(wanted, &account.name, weight, (sample.time, sample.time), agreement);
            });
        }
    }
}

/// What a pattern comes down to, when it is one observation of addresses or clients by `=` and `IN`.
fn simple(pattern: &Pattern) -> Option<Vec<One>> {
    match pattern.expression() {
        Expression::Observation(condition) => ones(condition),
        Expression::Or(parts) => {
            let all: Option<Vec<_>> = parts.iter().map(|part| simple(&Pattern::new(part.clone()))).collect();
            Some(all?.into_iter().flatten().collect())
        }
        _ => None,
    }
}

fn ones(condition: &Condition) -> Option<Vec<One>> {
    match condition {
        Condition::Test(test) => one(test),
        Condition::Or(parts) => {
            let all: Option<Vec<_>> = parts.iter().map(ones).collect();
            Some(all?.into_iter().flatten().collect())
        }
        // A user agent and a JA4 together: sketches hold just such pairs.
        Condition::And(parts) => match parts.as_slice() {
            [Condition::Test(a), Condition::Test(b)] => {
                let (agent, ja4) = match (one(a)?.pop()?, one(b)?.pop()?) {
                    (One::Client { agent: Some(agent), .. }, One::Client { ja4: Some(ja4), .. })
                    | (One::Client { ja4: Some(ja4), .. }, One::Client { agent: Some(agent), .. }) => (agent, ja4),
                    _ => return None,
                };
                Some(vec![One::Client { agent: Some(agent), ja4: Some(ja4) }])
            }
            _ => None,
        },
    }
}

fn one(test: &Test) -> Option<Vec<One>> {
    if test.not {
        return None;
    }
    let values: Vec<&String> = match &test.operator {
        Operator::Equal(Constant::Text(text)) => vec![text],
        Operator::In(all) => all
            .iter()
            .map(|one| if let Constant::Text(text) = one { Some(text) } else { None })
            .collect::<Option<_>>()?,
        _ => return None,
    };
    let path = test.path.to_string();
    let is_address = ["ipv4-addr:value", "ipv6-addr:value", "network-traffic:src_ref.value"].contains(&path.as_str());
    let is_agent = path.to_lowercase().contains("request_header.'user-agent'");
    let is_ja4 = path.contains(CLIENT) && path.ends_with(".ja4");
    values
        .into_iter()
        .map(|text| match () {
            () if is_address => Some(One::Network(text.clone())),
            // Longer ones are cut in sketches: another could begin alike.
            () if is_agent && text.len() < AGENT => Some(One::Client { agent: Some(text.clone()), ja4: None }),
            () if is_ja4 => Some(One::Client { agent: None, ja4: Some(text.clone()) }),
            () => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comes_down_to(pattern: &str) -> Option<usize> {
        let pattern = Pattern::parse(pattern, &stillwatch_pattern::Limits::default()).expect("a pattern");
        simple(&pattern).map(|ones| ones.len())
    }

    #[test]
    fn only_what_hashes_can_show_comes_down_to_something() {
        assert_eq!(comes_down_to("[ipv4-addr:value = '203.0.113.9']"), Some(1));
        assert_eq!(
            comes_down_to("[ipv4-addr:value IN ('203.0.113.9', '203.0.113.10')] OR [ipv6-addr:value = '2001:db8::1']"),
            Some(3)
        );
        let agent = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'kestrel/1'";
        let ja4 = format!("network-traffic:extensions.'{CLIENT}'.ja4 = 't13d1516h2_8daaf6152771_b186095e22b6'");
        assert_eq!(comes_down_to(&format!("[{agent} AND {ja4}]")), Some(1));
        for no in [
            "[ipv4-addr:value ISSUBSET '203.0.113.0/24']",
            "[ipv4-addr:value NOT = '203.0.113.9']",
            "[ipv4-addr:value = '203.0.113.9'] FOLLOWEDBY [ipv4-addr:value = '203.0.113.10']",
            "[ipv4-addr:value = '203.0.113.9'] REPEATS 2 TIMES",
            "[autonomous-system:number = 64500]",
        ] {
            assert_eq!(comes_down_to(no), None, "{no}");
        }
    }
}
