//! Speech: what ordinary people ask, by language, and each person's favourites.
//! In: the grammar. Out: rules for a person's next turn.
//! Invariant: a person keeps to a few favourites but not only to them.
//! Not here: how the text is typed (`voice.rs`).

use crate::dice::Dice;
use crate::grammar::{Grammar, RuleId};
use crate::network::Tongue;

const EN: &[&str] = &[
    "chat_ask", "chat_ask", "chat_plan", "chat_write", "chat_write", "chat_health", "chat_legal", "chat_money", "chat_fix",
    "chat_brainstorm", "chat_learn", "chat_learn", "translate_ask", "chat_pasted", "chat_pasted", "email_write", "email_write",
    "office_task", "code_question", "code_question", "bench_math",
];
const ZH: &[&str] = &[
    "zh_chat", "zh_chat", "zh_chat", "zh_legal", "zh_medical", "zh_office", "zh_code", "zh_homework", "zh_translate",
];
const ES: &[&str] = &["es_chat", "es_chat", "es_chat", "code_question"];
const JA: &[&str] = &["ja_chat", "ja_chat", "ja_chat", "code_question"];

/// The rules that people speak by.
#[derive(Debug)]
pub(crate) struct Speech {
    tongues: [(Vec<RuleId>, RuleId); 4],
    /// Rules whose text is code, typed by no one.
    code: [RuleId; 2],
    /// A greeting.
    pub(crate) greeting: RuleId,
    /// Thanks.
    pub(crate) thanks: RuleId,
    /// An exercise of a sheet, and what is asked about it.
    pub(crate) exercise: (RuleId, RuleId),
    /// The pieces of a coding agent's session.
    pub(crate) agent: AgentSpeech,
    /// The next turn of a dialogue.
    pub(crate) dialogue: RuleId,
}

/// The pieces of a coding agent's session.
#[derive(Debug)]
pub(crate) struct AgentSpeech {
    /// What the developer wants.
    pub(crate) task: RuleId,
    /// What the agent says.
    pub(crate) reply: RuleId,
    /// What a tool gives back.
    pub(crate) result: RuleId,
    /// What the developer says in between.
    pub(crate) nudge: RuleId,
    /// The public system prompts, one for each harness.
    pub(crate) systems: [String; 3],
}

impl Speech {
    /// Finds the rules; names that don't exist are added to `missing`.
    pub(crate) fn new(grammar: &Grammar, missing: &mut Vec<String>) -> Self {
        let mut rule = |name: &str| {
            grammar.rule(name).unwrap_or_else(|| {
                missing.push(name.to_owned());
                RuleId::default()
            })
        };
        let mut tongue = |names: &[&str], follow: &str| (names.iter().map(|n| rule(n)).collect(), rule(follow));
        let tongues = [
            tongue(EN, "chat_followup"),
            tongue(ZH, "zh_followup"),
            tongue(ES, "es_followup"),
            tongue(JA, "ja_followup"),
        ];
        let system = |rule: RuleId| {
            let mut out = String::new();
            grammar.write(rule, crate::grammar::Author::default(), &mut Dice::of(&[]), &mut out);
            out
        };
        Self {
            tongues,
            code: [rule("code_question"), rule("zh_code")],
            greeting: rule("greeting"),
            thanks: rule("thanks"),
            exercise: (rule("exercise"), rule("exercise_help")),
            agent: AgentSpeech {
                task: rule("agent_task"),
                reply: rule("agent_reply"),
                result: rule("tool_result"),
                nudge: rule("agent_nudge"),
                systems: [
                    system(rule("harness_codehand")),
                    system(rule("harness_opencraft")),
                    system(rule("harness_paneltask")),
                ],
            },
            dialogue: rule("selfplay_next"),
        }
    }

    /// What a person asks first.
    pub(crate) fn ask(&self, tongue: Tongue, habit: &mut Dice, dice: &mut Dice) -> RuleId {
        let rules = &self.tongues[tongue as usize].0;
        let favourites = [dice_pick(rules, habit), dice_pick(rules, habit), dice_pick(rules, habit)];
        if dice.chance(0.75) { dice.pick(&favourites) } else { dice_pick(rules, dice) }
    }

    /// What a person says next.
    pub(crate) fn follow(&self, tongue: Tongue) -> RuleId {
        self.tongues[tongue as usize].1
    }

    /// Whether the text of `rule` is pasted rather than typed.
    pub(crate) fn is_code(&self, rule: RuleId) -> bool {
        self.code.contains(&rule)
    }
}

fn dice_pick(rules: &[RuleId], dice: &mut Dice) -> RuleId {
    dice.pick(rules)
}
