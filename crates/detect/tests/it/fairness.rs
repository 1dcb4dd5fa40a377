//! Fairness: no score changes with the country or the language of honest people.
//! In: the same population, writing in other languages. Out: nobody flagged.
//! Invariant: `Account` has no field for country; what is tested here is language.
//! Not here: regional access rules, which are the operator's configuration.

use crate::worlds::{Dice, Habits, account, people};
use stillwatch_detect::campaign;

#[test]
fn people_who_write_in_one_language_are_no_campaign() {
    for (seed, text) in [
        (11, "请问这个问题应该怎么回答，谢谢"),
        (12, "¿Me puedes ayudar con esta carta?"),
        (13, "この文章を短くしてください"),
        (14, "ممكن تساعدني في هذا النص"),
    ] {
        let mut dice = Dice::seeded(seed);
        let mut all = people(&mut dice, 150);
        for i in 0..80 {
            let created = 1_772_409_600_000_000 - dice.below(600) as i64 * 86_400_000_000;
            let exchanges = 4 + dice.below(30);
            let habits = Habits {
                name: format!("speaker-{i:02}"),
                template: None,
                exchanges,
                human: true,
                ips: vec![format!("198.18.9.{i}")],
                organization: None,
                created,
                language: Some(text),
            };
            all.push(account(&mut dice, &habits));
        }
        let report = campaign::find(&all);
        let flagged: Vec<&str> = report
            .findings
            .campaigns
            .iter()
            .filter(|c| c.score >= 0.5)
            .flat_map(|c| &c.accounts)
            .map(String::as_str)
            .chain(report.findings.suspects.iter().filter(|s| s.score >= 0.5).map(|s| s.account.as_str()))
            .collect();
        assert!(flagged.is_empty(), "`{text}`: {flagged:?}");
    }
}
