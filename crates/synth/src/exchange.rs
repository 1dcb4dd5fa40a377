//! Exchange: writes one exchange, text and all, from nothing but its moment.
//! In: `World`, `Moment`. Out: an `Exchange` written over a used one, whose buffers are kept.
//! Invariant: a pure function; the same moment of the same world gives the same bytes.
//! Not here: when exchanges happen (`stream.rs`), what groups do (`honest`, `campaign`).

use std::fmt::Write as _;

use stillwatch_model::{Exchange, Message, Micros};

use crate::actor::{Actor, Cast, NOBODY, Order, Origin, Reasoning, Says};
use crate::client::{Client, HARNESSES};
use crate::clock::{DAY, write_instant};
use crate::dice::{Dice, key, unit_of};
use crate::grammar::{Author, RuleId};
use crate::network::{Address, Tongue, country_at};
use crate::stream::Moment;
use crate::voice::Voice;
use crate::world::{World, end_user};

const TOOLS: [&[&str]; 3] = [
    &["read_file", "edit_file", "run_command", "search"],
    &["shell", "view", "patch", "grep", "ask"],
    &["search_files", "open_file", "write_file", "run_tests"],
];

/// What is decided before anything is written.
struct Scene<'w> {
    actor: &'w Actor,
    cast: &'w Cast,
    says: &'w Says,
    moment: Moment,
    /// The cast's own business, not cover and not a relayed user.
    own: bool,
    /// The harness, for agents.
    harness: usize,
    /// What an ordinary person would write.
    tongue: Tongue,
    /// Whose favourites and manners an ordinary person's turn shows.
    person: u64,
}

impl World {
    /// Writes the exchange of `moment` over `out`.
    pub(crate) fn write(&self, moment: Moment, out: &mut Exchange, spare: &mut Vec<Message>) {
        let Some(actor) = self.actors.get(moment.actor as usize) else { return };
        let Some(cast) = self.casts.get(actor.cast as usize) else { return };
        let scene = Scene::of(actor, cast, moment);
        out.time.clear();
        write_instant(&mut out.time, moment.time);
        self.identity(&scene, out);
        scene.network(out);
        self.request(&scene, out, spare);
        self.outcome(&scene, out);
        self.sealed(&scene, out);
    }

    fn identity(&self, scene: &Scene<'_>, out: &mut Exchange) {
        let account = scene.actor.account as usize;
        out.account.clear();
        if let Some(info) = self.accounts().get(account) {
            out.account.push_str(&info.account);
        }
        put(&mut out.organization, self.organizations.get(account).and_then(Option::as_deref));
        put(&mut out.access, Some(scene.cast.access));
        let key_of_account = (scene.cast.access != "subscription").then(|| key(&[account as u64, 0x4e7]) >> 16);
        put_hex(&mut out.api_key, "key_", key_of_account);
        let chats = scene.moment.of > 1 || matches!(scene.says, Says::Agent | Says::Person | Says::Homework { .. });
        let session = key(&[scene.actor.seed, u64::from(scene.moment.session), 0x5e55]);
        put_hex(&mut out.session, "ses_", chats.then_some(session));
        match scene.actor.end_user {
            NOBODY => out.end_user = None,
            number => put(&mut out.end_user, Some(&end_user(number))),
        }
    }

    fn request(&self, scene: &Scene<'_>, out: &mut Exchange, spare: &mut Vec<Message>) {
        let Scene { cast, moment, .. } = scene;
        out.completion = None;
        put(&mut out.model, Some(self.model(scene)));
        if let Says::Agent = scene.says {
            put(&mut out.system, Some(&self.speech.agent.systems[scene.harness]));
            let mut messages = out.messages.take().unwrap_or_else(|| std::mem::take(spare));
            let used = self.agent(scene, &mut messages);
            messages.truncate(used);
            out.messages = Some(messages);
            out.prompt = None;
            put_list(&mut out.tools, TOOLS[scene.harness]);
        } else {
            if let Some(messages) = out.messages.take() {
                *spare = messages;
            }
            let system = cast.system.as_deref().filter(|_| scene.own || (cast.relay > 0.0 && moment.session % 2 == 0));
            put(&mut out.system, system);
            let mut prompt = out.prompt.take().unwrap_or_default();
            prompt.clear();
            self.prompt(scene, &mut prompt);
            out.prompt = Some(prompt);
            if cast.tools.is_empty() { out.tools = None } else { put_list(&mut out.tools, cast.tools) }
        }
        out.stream = Some(cast.stream || !scene.own);
        out.batch = Some(cast.batch);
        out.temperature = cast.temperature.filter(|_| scene.own);
        out.max_tokens = cast.max_tokens.filter(|_| scene.own);
    }

    /// The text of one user turn.
    fn prompt(&self, scene: &Scene<'_>, out: &mut String) {
        let Scene { actor, cast, moment, .. } = scene;
        // A try that is repeated says the same again.
        let turn = if scene.tries() { 0 } else { moment.turn };
        let mut dice = actor.dice(moment.session, 0x7e87 + u64::from(turn));
        let inject = cast.inject.as_deref().filter(|_| scene.own);
        let before = cast.author.family % 4 != 0;
        if let Some(text) = inject.filter(|_| before) {
            out.push_str(text);
            out.push_str("\n\n");
        }
        match scene.says {
            Says::Person | Says::Agent => self.person(scene, &mut dice, out),
            Says::Rules(rules) => self.grammar.write(dice.pick(rules), cast.author, &mut dice, out),
            Says::Items { rules, set, count, order } => {
                let item = match order {
                    Order::Cycle => moment.session % count.max(&1),
                    Order::Any => dice.below(*count as usize) as u32,
                };
                self.item(rules, *set, item, cast.author, out);
            }
            Says::Homework { set, count } => {
                if moment.turn == 0 && dice.chance(0.5) {
                    let (exercise, help) = self.speech.exercise;
                    let item = dice.below(*count as usize) as u32;
                    self.item(&[exercise], *set, item, Author::default(), out);
                    out.push('\n');
                    self.grammar.write(help, Author::default(), &mut dice, out);
                } else {
                    self.person(scene, &mut dice, out);
                }
            }
            Says::Dialogue(opening) => {
                let rule = if moment.turn == 0 { *opening } else { self.speech.dialogue };
                self.grammar.write(rule, cast.author, &mut dice, out);
            }
        }
        if let Some(text) = inject.filter(|_| !before) {
            out.push_str("\n\n");
            out.push_str(text);
        }
    }

    /// Item `item` of a fixed set.
    fn item(&self, rules: &[RuleId], set: u64, item: u32, author: Author, out: &mut String) {
        let mut dice = Dice::of(&[set, u64::from(item)]);
        self.grammar.write(dice.pick(rules), author, &mut dice, out);
    }

    /// One turn of an ordinary person.
    fn person(&self, scene: &Scene<'_>, dice: &mut Dice, out: &mut String) {
        let start = out.len();
        let mut habit = Dice::of(&[scene.person, 0x4a817]);
        let voice = Voice::of(&mut habit);
        let rule = if scene.moment.turn > 0 && dice.chance(0.6) {
            self.speech.follow(scene.tongue)
        } else {
            self.speech.ask(scene.tongue, &mut habit, dice)
        };
        let english = scene.tongue == Tongue::En && !self.speech.is_code(rule);
        if english && dice.chance(voice.greets) {
            self.grammar.write(self.speech.greeting, Author::default(), dice, out);
            out.push(' ');
        }
        self.grammar.write(rule, Author::default(), dice, out);
        if english {
            if dice.chance(voice.thanks) {
                out.push(' ');
                self.grammar.write(self.speech.thanks, Author::default(), dice, out);
            }
            voice.speak(out, start, dice);
        }
    }

    /// The conversation of an agent up to this turn; gives back how many messages it has.
    fn agent(&self, scene: &Scene<'_>, messages: &mut Vec<Message>) -> usize {
        let rules = &self.speech.agent;
        let mut used = 0;
        let mut say = |role: &str, rule: RuleId, dice: &mut Dice| {
            if messages.len() == used {
                messages.push(Message::default());
            }
            if let Some(message) = messages.get_mut(used) {
                message.role.clear();
                message.role.push_str(role);
                message.content.clear();
                self.grammar.write(rule, Author::default(), dice, &mut message.content);
            }
            used += 1;
        };
        say("user", rules.task, &mut scene.actor.dice(scene.moment.session, 0xa6e));
        for turn in 0..scene.moment.turn {
            let mut dice = scene.actor.dice(scene.moment.session, 0xa6f + u64::from(turn));
            say("assistant", rules.reply, &mut dice);
            let (role, rule) = if dice.chance(0.2) { ("user", rules.nudge) } else { ("tool", rules.result) };
            say(role, rule, &mut dice);
        }
        used
    }

    fn model(&self, scene: &Scene<'_>) -> &'static str {
        let models = &scene.cast.models;
        let since = (scene.moment.time - self.release) as f64 / DAY as f64;
        let newest = models.newest * (since / models.days).clamp(0.0, 1.0);
        let seed = key(&[scene.actor.seed, u64::from(scene.moment.session), 0x30de]);
        if newest > 0.0 && unit_of(seed) < newest {
            "atlas-5"
        } else if unit_of(key(&[scene.actor.seed, 0x30de])) < models.small {
            "atlas-4-mini"
        } else {
            "atlas-4"
        }
    }

    /// What came back, and what it cost.
    fn outcome(&self, scene: &Scene<'_>, out: &mut Exchange) {
        let Scene { cast, moment, .. } = scene;
        let mut dice = scene.actor.dice(moment.session, 0x0c7 + u64::from(moment.turn) * 7);
        let bytes = out.system.as_ref().map_or(0, String::len)
            + out.prompt.as_ref().map_or(0, String::len)
            + out.messages.as_ref().map_or(0, |all| all.iter().map(|m| m.content.len() + 12).sum());
        out.input_tokens = Some((bytes as i64 / 4).max(1));
        let status = if cast.banned.is_some_and(|banned| moment.time >= banned) {
            403
        } else if scene.tries() && moment.turn + 1 < moment.of {
            dice.pick(&[503, 503, 529, 500])
        } else if dice.chance(cast.throttled) {
            429
        } else {
            200
        };
        out.status = Some(status);
        let refused = status == 200 && dice.chance(if scene.own { cast.refused } else { 0.006 });
        out.refusal = Some(refused);
        let (median, sigma) = match scene.says {
            _ if refused => (45.0, 0.4),
            Says::Agent => (280.0, 0.9),
            Says::Person | Says::Homework { .. } => (220.0, 0.8),
            _ => cast.answer,
        };
        let limit = out.max_tokens.unwrap_or(16_000);
        let output = if status == 200 { (dice.lognormal(median, sigma) as i64).clamp(1, limit) } else { 0 };
        out.output_tokens = Some(output);
        let thinks = if scene.own { cast.thinks } else { 0.8 };
        let thought = (output as f64 * thinks * dice.between(0.4, 1.8)) as i64;
        out.reasoning_tokens = (thinks > 0.0 && status == 200 && !refused).then_some(thought);
        let reason = if refused {
            "refusal"
        } else if output == limit {
            "max_tokens"
        } else if matches!(scene.says, Says::Agent) && moment.turn + 1 < moment.of {
            "tool_use"
        } else {
            "end_turn"
        };
        put(&mut out.stop_reason, (status == 200).then_some(reason));
    }

    /// Sealed reasoning handed out and in.
    fn sealed(&self, scene: &Scene<'_>, out: &mut Exchange) {
        let Scene { actor, cast, moment, .. } = scene;
        let chats = matches!(scene.says, Says::Agent);
        let minted = match cast.reasoning {
            Reasoning::None => chats,
            Reasoning::Session | Reasoning::Across { .. } => true,
        } && out.status == Some(200)
            && out.refusal == Some(false);
        put_reference(&mut out.reasoning_minted, minted.then(|| actor.minted(moment.session, moment.turn)));
        let mut presented = None;
        if let Reasoning::Across { share, first, count } = cast.reasoning {
            let mut dice = actor.dice(moment.session, 0x4e91a + u64::from(moment.turn));
            if dice.chance(share) {
                presented = self.earlier(first, count, moment.time, &mut dice);
            }
        }
        if presented.is_none() && moment.turn > 0 && (chats || matches!(cast.reasoning, Reasoning::Session)) {
            presented = Some(actor.minted(moment.session, moment.turn - 1));
        }
        put_reference(&mut out.reasoning_presented, presented);
    }

    /// Sealed reasoning that one of the actors `first..first + count` got before `time`.
    fn earlier(&self, first: u32, count: u32, time: Micros, dice: &mut Dice) -> Option<u64> {
        for _ in 0..8 {
            let other = self.actors.get(first as usize + dice.below(count as usize))?;
            let session = dice.below(other.sessions as usize) as u32;
            let rhythm = self.rhythms.all().get(other.rhythm as usize)?;
            if other.sessions > 0 && other.begins(session, rhythm) < time {
                return Some(other.minted(session, 0));
            }
        }
        None
    }
}

impl<'w> Scene<'w> {
    fn of(actor: &'w Actor, cast: &'w Cast, moment: Moment) -> Self {
        let says = cast.says_in(actor, moment.session);
        let own = std::ptr::eq(says, &raw const cast.says);
        let mut dice = if own { actor.habit(0x70) } else { actor.dice(moment.session, 0x70) };
        let harness = dice.weighted([0.6, 0.25, 0.15].into_iter());
        let home = country_at(actor.country).tongue;
        let tongue = if own {
            if home == Tongue::Zh && dice.chance(0.2) { Tongue::En } else { home }
        } else {
            [Tongue::En, Tongue::Zh, Tongue::Es, Tongue::Ja][dice.weighted([0.5, 0.35, 0.08, 0.07].into_iter())]
        };
        Self { actor, cast, says, moment, own, harness, tongue, person: dice.bits() }
    }

    /// Whether the turns of this session are tries of one request.
    fn tries(&self) -> bool {
        self.moment.of > 1 && matches!(self.says, Says::Rules(_) | Says::Items { .. })
    }

    fn client(&self) -> Client {
        if let Says::Agent = self.says {
            return HARNESSES[self.harness];
        }
        let favourite = self.actor.habit(0xc11).pick(self.cast.clients);
        let mut dice = self.actor.dice(self.moment.session, 0xc11);
        if dice.chance(0.9) { favourite } else { dice.pick(self.cast.clients) }
    }

    fn address(&self) -> Address {
        let actor = self.actor;
        let mut dice = actor.dice(self.moment.session, 0x1b);
        let home = |dice: &mut Dice| {
            let several = 1 + actor.habit(0x40e).below(3);
            let which = dice.below(several).min(dice.below(several));
            Address::home(actor.country, key(&[actor.seed, which as u64]))
        };
        match &self.cast.from {
            Origin::Home => home(&mut dice),
            Origin::Fixed(all) => dice.pick(all),
            Origin::Runners(cloud) => Address::cloud(*cloud, dice.bits()),
            Origin::Vpn if dice.chance(0.6) => Address::vpn(&mut dice),
            Origin::Vpn => home(&mut dice),
            Origin::Station(station) => Address::station(*station, &mut dice),
            Origin::Proxies { pool, exits, shared } => {
                if dice.chance(*shared) {
                    return if dice.chance(0.5) {
                        Address::vpn(&mut dice)
                    } else {
                        Address::station(pool % 3, &mut dice)
                    };
                }
                let own = 1 + actor.habit(0xe817).below(6);
                let exit = key(&[actor.seed, dice.below(own) as u64, 0xe817]) % u64::from((*exits).max(1));
                Address::proxy(*pool, exit)
            }
        }
    }

    fn network(&self, out: &mut Exchange) {
        if self.cast.stripped {
            out.ip = None;
            out.asn = None;
            out.country = None;
            out.user_agent = None;
            out.tls_ja4 = None;
            return;
        }
        let (address, client) = (self.address(), self.client());
        let ip = out.ip.get_or_insert_default();
        ip.clear();
        address.write(ip);
        out.asn = Some(address.asn());
        put(&mut out.country, Some(address.country()));
        put(&mut out.user_agent, Some(client.agent));
        put(&mut out.tls_ja4, Some(client.ja4));
    }
}

fn put(slot: &mut Option<String>, text: Option<&str>) {
    match text {
        Some(text) => {
            let slot = slot.get_or_insert_default();
            slot.clear();
            slot.push_str(text);
        }
        None => *slot = None,
    }
}

fn put_hex(slot: &mut Option<String>, prefix: &str, number: Option<u64>) {
    put(slot, number.map(|_| prefix));
    if let (Some(slot), Some(number)) = (slot, number) {
        // Writing to a `String` can't fail.
        let _ = write!(slot, "{number:012x}");
    }
}

fn put_list(slot: &mut Option<Vec<String>>, items: &[&str]) {
    let list = slot.get_or_insert_default();
    if !list.iter().map(String::as_str).eq(items.iter().copied()) {
        *list = items.iter().map(|&item| item.to_owned()).collect();
    }
}

fn put_reference(slot: &mut Option<Vec<String>>, number: Option<u64>) {
    match number {
        Some(number) => {
            let list = slot.get_or_insert_default();
            list.resize(1, String::new());
            if let Some(text) = list.first_mut() {
                text.clear();
                let _ = write!(text, "rz_{number:016x}");
            }
        }
        None => *slot = None,
    }
}
