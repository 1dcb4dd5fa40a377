//! Speech: what ordinary people ask, by language, and each person's favourites.
//! In: the grammar. Out: rules for a person's next turn.
//! Invariant: a person keeps to a few favourites but not only to them.
//! Not here: how the text is typed (`voice.rs`).

use crate::dice::Dice;
use crate::grammar::{Grammar, RuleId};
use crate::network::Tongue;

const EN: &[(&str, usize)] = &[
    ("chat_ask", 2),
    ("chat_plan", 1),
    ("chat_write", 2),
    ("chat_health", 1),
    ("chat_legal", 1),
    ("chat_money", 1),
    ("chat_fix", 1),
    ("chat_brainstorm", 1),
    ("chat_learn", 2),
    ("translate_ask", 1),
    ("chat_pasted", 3),
    ("email_write", 2),
    ("office_task", 1),
    ("code_question", 2),
    ("bench_math", 1),
    ("chat_story", 6),
    ("chat_document", 9),
    ("code_long", 5),
];
const ZH: &[(&str, usize)] = &[
    ("zh_chat", 3),
    ("zh_legal", 1),
    ("zh_medical", 1),
    ("zh_office", 2),
    ("zh_code", 1),
    ("zh_homework", 1),
    ("zh_translate", 1),
    ("zh_pasted", 5),
    ("code_long", 2),
];
const ES: &[(&str, usize)] = &[("es_chat", 4), ("code_long", 1)];
const JA: &[(&str, usize)] = &[("ja_chat", 4), ("code_long", 1)];

/// The rules that people speak by.
#[derive(Debug)]
pub(crate) struct Speech {
    tongues: [(Vec<RuleId>, RuleId); 4],
    /// Rules whose text is code, typed by no one.
    code: [RuleId; 3],
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
        let mut tongue = |names: &[(&str, usize)], follow: &str| {
            let rules = names.iter().flat_map(|&(name, weight)| std::iter::repeat_n(rule(name), weight)).collect();
            (rules, rule(follow))
        };
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
            code: [rule("code_question"), rule("zh_code"), rule("code_long")],
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
        let favourites = [habit.pick(rules), habit.pick(rules), habit.pick(rules)];
        if dice.chance(0.75) { dice.pick(&favourites) } else { dice.pick(rules) }
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
