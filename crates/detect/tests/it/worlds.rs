//! Small worlds: what is found in a population made by hand.
//! In: accounts with a story. Out: the campaigns found.
//! Invariant: each test is one shape, or one honest look-alike.
//! Not here: realistic traffic (`synth`) and its figures (`stillwatch evaluate`).

use stillwatch_detect::account::Account;
use stillwatch_detect::campaign;
use stillwatch_detect::sketch::{Observation, Reader, Sketch};
use stillwatch_detect::text::fold;
use stillwatch_model::{AccountInfo, Report};

const DAY: i64 = 86_400_000_000;
const START: i64 = 1_772_409_600_000_000;

/// Seeded draws.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        fold(self.0, 0xbf58_476d_1ce4_e5b9) % n
    }

    fn word(&mut self) -> String {
        let syllables = ["ka", "lo", "mi", "ren", "tas", "vu", "pel", "dro", "shi", "qua", "nor", "bel"];
        (0..2 + self.below(2)).map(|_| syllables[self.below(12) as usize]).collect()
    }

    fn words(&mut self, n: u64) -> String {
        (0..n).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }
}

/// One account's habits.
pub(crate) struct Habits<'a> {
    pub(crate) name: String,
    pub(crate) template: Option<&'a str>,
    pub(crate) exchanges: u64,
    pub(crate) human: bool,
    pub(crate) ips: Vec<String>,
    pub(crate) organization: Option<&'a str>,
    pub(crate) created: i64,
    pub(crate) language: Option<&'a str>,
}

pub(crate) fn account(dice: &mut Dice, habits: &Habits<'_>) -> Account {
    let (mut sketch, mut reader) = (Sketch::default(), Reader::default());
    let zone = dice.below(24) as i64;
    for _ in 0..habits.exchanges {
        let hour = if habits.human { (zone + 9 + dice.below(9) as i64) % 24 } else { dice.below(24) as i64 };
        let time = START + dice.below(7) as i64 * DAY + hour * DAY / 24 + dice.below(3_600_000_000) as i64;
        let slot = dice.words(6);
        let prompt = match (habits.template, habits.language) {
            (Some(template), _) => template.replace("{}", &slot),
            (None, Some(text)) => format!("{text} {slot}"),
            (None, None) => dice.words(14),
        };
        let ip = &habits.ips[dice.below(habits.ips.len() as u64) as usize];
        let observation = Observation {
            time,
            prompt: Some(&prompt),
            ip: Some(ip),
            organization: habits.organization,
            user_agent: Some(if habits.human { "web/chrome" } else { "python-sdk/1.9" }),
            output_tokens: Some(if habits.human { 200 } else { 500 }),
            ..Observation::default()
        };
        sketch.observe(&observation, &mut reader);
    }
    let created = jiff::Timestamp::from_microsecond(habits.created).map(|t| t.to_string()).ok();
    let info = AccountInfo {
        account: habits.name.clone(),
        created,
        payment: Some(format!("pay-{}", habits.name)),
        ..AccountInfo::default()
    };
    Account::new(habits.name.clone(), sketch).with_info(&info)
}

/// Unrelated people.
pub(crate) fn people(dice: &mut Dice, n: u64) -> Vec<Account> {
    (0..n)
        .map(|i| {
            let created = START - dice.below(600) as i64 * DAY;
            let exchanges = 3 + dice.below(40) * dice.below(4);
            let ips = vec![format!("198.51.{}.{}", i / 250, i % 250)];
            account(
                dice,
                &Habits {
                    name: format!("person-{i:03}"),
                    template: None,
                    exchanges,
                    human: true,
                    ips,
                    organization: None,
                    created,
                    language: None,
                },
            )
        })
        .collect()
}

const TEMPLATE: &str = "You write exercises for a course. Invent ten new questions on the subject of {} for the next chapter, each with a full worked solution, numbered, and nothing else.";

/// An account of an operator's: no hours of its own, no organisation.
fn machine(
    dice: &mut Dice,
    name: String,
    template: Option<&str>,
    exchanges: u64,
    ips: Vec<String>,
    created: i64,
) -> Account {
    let habits = Habits { name, template, exchanges, human: false, ips, organization: None, created, language: None };
    account(dice, &habits)
}

fn pool(dice: &mut Dice, name: &str, n: u64, template: Option<&str>, exits: u64, net: &str) -> Vec<Account> {
    (0..n)
        .map(|i| {
            let created = START - 9 * DAY + dice.below(36) as i64 * DAY / 24;
            let ips = (0..3).map(|_| format!("{net}.{}", dice.below(exits))).collect();
            let exchanges = 18 + dice.below(4);
            machine(dice, format!("{name}-{i:03}"), template, exchanges, ips, created)
        })
        .collect()
}

fn named(report: &Report, prefix: &str) -> usize {
    report
        .findings
        .campaigns
        .iter()
        .filter(|c| c.score >= 0.5)
        .flat_map(|c| &c.accounts)
        .filter(|a| a.starts_with(prefix))
        .count()
}

#[test]
fn a_templated_pool_is_found_whole_and_nobody_else() {
    let mut dice = Dice(1);
    let mut all = people(&mut dice, 300);
    all.extend(pool(&mut dice, "pool", 40, Some(TEMPLATE), 100, "203.0.113"));
    let report = campaign::find(&all);
    let found: Vec<_> = report.findings.campaigns.iter().filter(|c| c.score >= 0.5).collect();
    assert_eq!(found.len(), 1, "{:#?}", found.iter().map(|c| (c.score, c.accounts.len())).collect::<Vec<_>>());
    assert!(found[0].accounts.len() >= 38 && found[0].accounts.iter().all(|a| a.starts_with("pool")));
    assert!(found[0].actionable);
}

#[test]
fn two_pools_with_one_template_stay_two() {
    let mut dice = Dice(2);
    let mut all = people(&mut dice, 300);
    all.extend(pool(&mut dice, "east", 40, Some(TEMPLATE), 60, "203.0.113"));
    all.extend(pool(&mut dice, "west", 40, Some(TEMPLATE), 60, "192.0.2"));
    let report = campaign::find(&all);
    let found: Vec<_> = report.findings.campaigns.iter().filter(|c| c.score >= 0.5).collect();
    for side in ["east", "west"] {
        let held = found.iter().any(|c| {
            c.accounts.iter().filter(|a| a.starts_with(side)).count() > 20
                && c.accounts.iter().all(|a| a.starts_with(side))
        });
        assert!(
            held,
            "{side} isn't held by a campaign of its own: {:?}",
            found.iter().map(|c| c.accounts.len()).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_public_template_of_unrelated_people_is_no_campaign() {
    let mut dice = Dice(3);
    let mut all = people(&mut dice, 200);
    for i in 0..120 {
        let created = START - dice.below(600) as i64 * DAY;
        let exchanges = 5 + dice.below(40);
        let ips = vec![format!("198.18.{}.{}", i / 250, i % 250)];
        all.push(account(
            &mut dice,
            &Habits {
                name: format!("reader-{i:03}"),
                template: Some(TEMPLATE),
                exchanges,
                human: true,
                ips,
                organization: None,
                created,
                language: None,
            },
        ));
    }
    assert_eq!(named(&campaign::find(&all), "reader"), 0);
}

#[test]
fn one_shared_proxy_welds_nobody_to_a_campaign() {
    let mut dice = Dice(4);
    let mut all = people(&mut dice, 250);
    all.extend(pool(&mut dice, "pool", 40, Some(TEMPLATE), 80, "203.0.113"));
    for i in 0..12 {
        let created = START - dice.below(600) as i64 * DAY;
        // An honest person who now and then leaves by an exit that the pool uses.
        let ips = vec![format!("198.18.7.{i}"), format!("198.18.8.{i}"), "203.0.113.5".to_owned()];
        all.push(account(
            &mut dice,
            &Habits {
                name: format!("neighbour-{i:02}"),
                template: None,
                exchanges: 20,
                human: true,
                ips,
                organization: None,
                created,
                language: None,
            },
        ));
    }
    let report = campaign::find(&all);
    assert!(named(&report, "pool") >= 38);
    assert_eq!(named(&report, "neighbour"), 0);
}

const OTHER: &str = "Rate the answer to the question about {} by each point of the rubric, one line a point, and close with the sum of the marks.";

/// A pool whose accounts leave by exits of their own and now and then by a resold station's.
fn through_station(dice: &mut Dice, name: &str, template: &str, net: &str) -> Vec<Account> {
    (0..30)
        .map(|i| {
            let created = START - 9 * DAY + dice.below(36) as i64 * DAY / 24;
            let mut ips: Vec<String> = (0..3).map(|_| format!("{net}.{}", dice.below(40))).collect();
            ips.push(format!("198.19.0.{}", dice.below(8)));
            machine(dice, format!("{name}-{i:03}"), Some(template), 24, ips, created)
        })
        .collect()
}

#[test]
fn a_resold_station_neither_welds_two_pools_nor_draws_its_customers_in() {
    let mut dice = Dice(8);
    let mut all = people(&mut dice, 250);
    all.extend(through_station(&mut dice, "east", TEMPLATE, "203.0.113"));
    all.extend(through_station(&mut dice, "west", OTHER, "192.0.2"));
    for i in 0..40 {
        let created = START - dice.below(40) as i64 * DAY;
        let ips = vec![format!("198.19.0.{}", dice.below(8)), format!("198.19.0.{}", dice.below(8))];
        all.push(account(
            &mut dice,
            &Habits {
                name: format!("customer-{i:02}"),
                template: None,
                exchanges: 30,
                human: true,
                ips,
                organization: None,
                created,
                language: None,
            },
        ));
    }
    let report = campaign::find(&all);
    assert_eq!(named(&report, "customer"), 0);
    for side in ["east", "west"] {
        let whole = report
            .findings
            .campaigns
            .iter()
            .any(|c| c.score >= 0.5 && c.accounts.len() >= 28 && c.accounts.iter().all(|a| a.starts_with(side)));
        assert!(whole, "{side}: {:?}", report.findings.campaigns.iter().map(|c| c.accounts.len()).collect::<Vec<_>>());
    }
}

#[test]
fn the_banned_and_those_who_take_over_are_one_campaign() {
    let mut dice = Dice(9);
    let mut all = people(&mut dice, 250);
    let ban = START + 3 * DAY;
    for (name, from, to, status) in [("old", START, ban, Some(403)), ("new", ban, START + 7 * DAY, None)] {
        for i in 0..30 {
            let (mut sketch, mut reader) = (Sketch::default(), Reader::default());
            for n in 0..24 {
                let time = from + dice.below((to - from) as u64) as i64;
                let prompt = TEMPLATE.replace("{}", &dice.words(6));
                let ip = format!("203.0.113.{}", dice.below(90));
                // The last of them are refused.
                let (time, status) =
                    if n < 3 && status.is_some() { (to + n * 60_000_000, status) } else { (time, None) };
                let observation = Observation {
                    time,
                    prompt: Some(&prompt),
                    ip: Some(&ip),
                    user_agent: Some("python-sdk/1.9"),
                    output_tokens: Some(500),
                    status,
                    ..Observation::default()
                };
                sketch.observe(&observation, &mut reader);
            }
            all.push(Account::new(format!("{name}-{i:02}"), sketch));
        }
    }
    let report = campaign::find(&all);
    let found: Vec<_> = report.findings.campaigns.iter().filter(|c| c.score >= 0.5).collect();
    assert_eq!(found.len(), 1);
    assert!(named(&report, "old") >= 28 && named(&report, "new") >= 28);
    assert!(found[0].links.iter().any(|l| l.kind == stillwatch_model::LinkKind::Succession));
    assert!(found[0].signals.iter().any(|s| s.name == "succession" && s.contribution > 0.5));
}

#[test]
fn a_campus_behind_one_address_is_no_campaign() {
    let mut dice = Dice(5);
    let mut all = people(&mut dice, 200);
    for i in 0..150 {
        let created = START - dice.below(300) as i64 * DAY;
        let exchanges = 4 + dice.below(30);
        all.push(account(
            &mut dice,
            &Habits {
                name: format!("student-{i:03}"),
                template: None,
                exchanges,
                human: true,
                ips: vec!["192.0.2.1".into()],
                organization: None,
                created,
                language: None,
            },
        ));
    }
    assert_eq!(named(&campaign::find(&all), "student"), 0);
}

#[test]
fn the_same_accounts_give_the_same_report() {
    let mut dice = Dice(6);
    let mut all = people(&mut dice, 100);
    all.extend(pool(&mut dice, "pool", 30, Some(TEMPLATE), 60, "203.0.113"));
    let one = campaign::find(&all);
    assert_eq!(one, campaign::find(&all));
}

#[test]
fn nothing_is_found_in_nothing() {
    assert_eq!(campaign::find(&[]).findings.campaigns.len(), 0);
    let empty = Account::new("empty".into(), Sketch::default());
    assert_eq!(campaign::find(&[empty.clone(), empty]).findings.campaigns.len(), 0);
}
