//! Sketch: a mergeable, bounded summary of one account's exchanges in one window; holds no prompt text.
//! In: `Observation`s, in any order and split. Out: `Sketch`, and its bytes.
//! Invariant: merge is associative and commutative, and the bytes depend on the set of exchanges alone.
//! Not here: grouping by account at scale (the engine's `account_sketch` UDAF).
//!
//! Everything is either a sum, a minimum or maximum, or a bottom-k sample by hash; there is no state that remembers order.
//! Text is read for the sampled exchanges only: an exchange whose key isn't among the smallest can't come back.

use serde::{Deserialize, Serialize};
use stillwatch_model::Micros;

use crate::cues::Model;
use crate::fingerprint::{Anchors, BODY, Fingerprinter, SYSTEM};
use crate::kmv::Kmv;
use crate::text::{self, Tokens, fold};

/// Version of the sketch's bytes; raised when they change.
pub const VERSION: u16 = 1;
/// Exchanges whose text is looked at, an account and window.
pub const SAMPLES: usize = 24;
/// Dimensions of the topic vector.
pub const TOPIC: usize = 16;
/// Names kept of models and clients.
const NAMES: usize = 6;
/// Longest name kept, bytes.
const NAME_BYTES: usize = 64;
/// Ten-minute slots of a week, as 64-bit words.
const SLOT_WORDS: usize = 16;
const HOURS: usize = 168;
const SECOND: i64 = 1_000_000;

/// One exchange, as the sketch sees it. Absent columns are `None`.
#[derive(Debug, Clone, Default)]
pub struct Observation<'a> {
    /// Microseconds since the epoch.
    pub time: Micros,
    /// System prompt.
    pub system: Option<&'a str>,
    /// Last user turn.
    pub prompt: Option<&'a str>,
    /// Organisation.
    pub organization: Option<&'a str>,
    /// Caller's address.
    pub ip: Option<&'a str>,
    /// HTTP user agent.
    pub user_agent: Option<&'a str>,
    /// JA4 fingerprint.
    pub tls_ja4: Option<&'a str>,
    /// Model asked for.
    pub model: Option<&'a str>,
    /// Session.
    pub session: Option<&'a str>,
    /// Request tokens.
    pub input_tokens: Option<i64>,
    /// Response tokens.
    pub output_tokens: Option<i64>,
    /// Reasoning tokens.
    pub reasoning_tokens: Option<i64>,
    /// Bytes of the completion, used when `output_tokens` is absent.
    pub completion_bytes: Option<i64>,
    /// HTTP status.
    pub status: Option<i64>,
    /// Refused by the model or a safeguard.
    pub refusal: Option<bool>,
    /// Streamed.
    pub stream: Option<bool>,
    /// Batch endpoint.
    pub batch: Option<bool>,
    /// Temperature.
    pub temperature: Option<f64>,
    /// Whether tools were offered.
    pub tools: bool,
    /// Reasoning references handed out.
    pub minted: &'a [&'a str],
    /// Reasoning references handed in.
    pub presented: &'a [&'a str],
}

/// Counts of exchanges by what is known of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All.
    pub exchanges: u64,
    /// Request tokens.
    pub input_tokens: u64,
    /// Response tokens.
    pub output_tokens: u64,
    /// Reasoning tokens.
    pub reasoning_tokens: u64,
    /// With a prompt text.
    pub prompts: u64,
    /// With a system prompt.
    pub systems: u64,
    /// Refused by the model or a safeguard.
    pub refusals: u64,
    /// Status 403.
    pub forbidden: u64,
    /// Status 429.
    pub throttled: u64,
    /// Status 500 and above.
    pub failed: u64,
    /// Streamed.
    pub streamed: u64,
    /// Through a batch endpoint.
    pub batched: u64,
    /// With temperature 0.
    pub cold: u64,
    /// With tools offered.
    pub tools: u64,
    /// With a session.
    pub sessions: u64,
}

impl Counts {
    fn fields(&mut self) -> [&mut u64; 15] {
        [
            &mut self.exchanges,
            &mut self.input_tokens,
            &mut self.output_tokens,
            &mut self.reasoning_tokens,
            &mut self.prompts,
            &mut self.systems,
            &mut self.refusals,
            &mut self.forbidden,
            &mut self.throttled,
            &mut self.failed,
            &mut self.streamed,
            &mut self.batched,
            &mut self.cold,
            &mut self.tools,
            &mut self.sessions,
        ]
    }

    /// Adds `other`.
    pub fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        for (mine, theirs) in self.fields().into_iter().zip(other.fields()) {
            *mine = mine.saturating_add(*theirs);
        }
    }
}

/// What one sampled exchange was like; no text.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sample {
    /// Sampling key; the smallest are kept.
    pub key: u64,
    /// When.
    pub time: Micros,
    /// Hash of the prompt as it stands.
    pub prompt: u64,
    /// Anchors of the system prompt; zero when there is none.
    pub system: [u32; SYSTEM],
    /// Anchors of the prompt's body.
    pub body: [u32; BODY],
    /// Hash of the prompt's first tokens.
    pub head: u32,
    /// Hash of the prompt's last tokens.
    pub tail: u32,
    /// Signed random projection of the prompt's words.
    pub topic: [i8; TOPIC],
    /// Elicitation cues, a bit each.
    pub cues: u16,
    /// Capability, an index into `Capability::ALL`.
    pub capability: u8,
    /// Whether a reasoning reference was handed in.
    pub presents: bool,
}

/// A name with its hash and count: models and clients.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// Hash of the name; the smallest are kept.
    pub hash: u64,
    /// The name, cut at 64 bytes.
    pub name: Box<str>,
    /// Exchanges.
    pub count: u64,
}

/// Exchanges of one model on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelDay {
    /// Hash of day and model; the smallest are kept.
    pub hash: u64,
    /// Days since the epoch.
    pub day: i32,
    /// Hash of the model's name.
    pub model: u64,
    /// Exchanges.
    pub count: u32,
}

/// Model-days kept.
const MODEL_DAYS: usize = 24;

/// A mergeable, bounded summary of one account's exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// First exchange.
    pub first: Micros,
    /// Last exchange.
    pub last: Micros,
    /// Counts and sums.
    pub counts: Counts,
    hours: Vec<u32>,
    slots: [u64; SLOT_WORDS],
    /// Addresses.
    pub networks: Kmv<16>,
    /// Clients: user agent and TLS fingerprint together.
    pub clients: Kmv<4>,
    /// Organisations.
    pub organizations: Kmv<2>,
    /// Prompts as they stand.
    pub prompts: Kmv<24>,
    /// Reasoning references handed out.
    pub minted: Kmv<48>,
    /// Reasoning references handed in.
    pub presented: Kmv<48>,
    /// Names of models.
    pub models: Vec<Named>,
    /// Names of clients.
    pub agents: Vec<Named>,
    /// Models by day.
    pub model_days: Vec<ModelDay>,
    samples: Vec<Sample>,
}

impl Default for Sketch {
    fn default() -> Self {
        Self {
            first: Micros::MAX,
            last: Micros::MIN,
            counts: Counts::default(),
            hours: Vec::new(),
            slots: [0; SLOT_WORDS],
            networks: Kmv::default(),
            clients: Kmv::default(),
            organizations: Kmv::default(),
            prompts: Kmv::default(),
            minted: Kmv::default(),
            presented: Kmv::default(),
            models: Vec::new(),
            agents: Vec::new(),
            model_days: Vec::new(),
            samples: Vec::new(),
        }
    }
}

/// Why bytes are not a sketch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SketchError {
    /// Another version.
    #[error("sketch has version {0}, this build reads version {VERSION}; make it again with `stillwatch sketch`")]
    Version(u16),
    /// Truncated or altered.
    #[error("sketch is truncated or altered; make it again with `stillwatch sketch`")]
    Malformed,
}

/// Reads text for sketches: the buffers and the model, one a thread.
#[derive(Debug)]
pub struct Reader {
    model: &'static Model,
    system: Tokens,
    prompt: Tokens,
    make: Fingerprinter,
    /// The last system prompt read: nearly every account has one.
    last_system: (u64, [u32; SYSTEM]),
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            model: Model::shipped(),
            system: Tokens::default(),
            prompt: Tokens::default(),
            make: Fingerprinter::default(),
            last_system: (0, [0; SYSTEM]),
        }
    }
}

impl Reader {
    /// What one exchange is like, by itself.
    pub fn exchange(&mut self, o: &Observation<'_>) -> Sample {
        let prompt = o.prompt.map_or(0, |p| text::hash(p.as_bytes()));
        self.sample(key(prompt, o.time), prompt, o)
    }

    /// The anchors of one exchange's texts; nothing else of the sample is filled in.
    pub fn anchors(&mut self, o: &Observation<'_>) -> Sample {
        let mut sample = Sample { time: o.time, ..Sample::default() };
        if let Some(system) = o.system {
            let hash = text::hash(system.as_bytes());
            if self.last_system.0 != hash {
                let tokens = self.system.read(system);
                self.last_system = (hash, self.make.system(tokens));
            }
            sample.system = self.last_system.1;
        } else {
            self.system.read("");
            self.last_system = (0, [0; SYSTEM]);
        }
        let tokens = self.prompt.read(o.prompt.unwrap_or_default());
        let Anchors { body, head, tail } = self.make.anchors(tokens);
        (sample.body, sample.head, sample.tail) = (body, head, tail);
        sample
    }

    fn sample(&mut self, key: u64, prompt: u64, o: &Observation<'_>) -> Sample {
        let mut sample = Sample { key, prompt, presents: !o.presented.is_empty(), ..self.anchors(o) };
        let tokens = self.prompt.as_slice();
        sample.topic = topic(tokens);
        let scores = self.model.score(self.system.as_slice(), tokens);
        (sample.cues, sample.capability) = (scores.cues, scores.capability);
        sample
    }
}

/// The key under which `Sketch::networks` counts an address.
#[must_use]
pub fn network_key(address: &str) -> u64 {
    text::hash(address.as_bytes())
}

/// The key under which `Sketch::clients` counts a client; empty where the log names none.
#[must_use]
pub fn client_key(user_agent: &str, tls_ja4: &str) -> u64 {
    fold(text::hash(user_agent.as_bytes()) ^ 0x51, text::hash(tls_ja4.as_bytes()) | 1)
}

/// The sampling key of an exchange: uniform, and the same wherever it is met.
fn key(prompt: u64, time: Micros) -> u64 {
    fold(prompt ^ 0x3c79_ac49_2ba7_b653, time as u64 ^ 0x1c69_b3f7_4ac4_ae35)
}

/// Signed random projection of a bag of words, scaled by the square root of its size.
fn topic(tokens: &[u64]) -> [i8; TOPIC] {
    let mut sums = [0i32; TOPIC];
    for &token in tokens {
        for (bit, sum) in sums.iter_mut().enumerate() {
            *sum += (((token >> (bit * 3)) & 1) as i32) * 2 - 1;
        }
    }
    let scale = 12.0 / f64::from(tokens.len().max(1) as u32).sqrt();
    sums.map(|sum| (f64::from(sum) * scale).clamp(-127.0, 127.0) as i8)
}

impl Sketch {
    /// Takes one exchange in.
    pub fn observe(&mut self, o: &Observation<'_>, reader: &mut Reader) {
        self.first = self.first.min(o.time);
        self.last = self.last.max(o.time);
        let c = &mut self.counts;
        let natural = |n: Option<i64>| n.map_or(0, |n| u64::try_from(n).unwrap_or(0));
        c.exchanges += 1;
        c.input_tokens += natural(o.input_tokens);
        // Four bytes a token: the rule of thumb that every provider publishes.
        c.output_tokens += o.output_tokens.map_or_else(|| natural(o.completion_bytes) / 4, |n| natural(Some(n)));
        c.reasoning_tokens += natural(o.reasoning_tokens);
        c.systems += u64::from(o.system.is_some());
        c.refusals += u64::from(o.refusal == Some(true));
        c.forbidden += u64::from(o.status == Some(403));
        c.throttled += u64::from(o.status == Some(429));
        c.failed += u64::from(o.status.is_some_and(|s| s >= 500));
        c.streamed += u64::from(o.stream == Some(true));
        c.batched += u64::from(o.batch == Some(true));
        c.cold += u64::from(o.temperature == Some(0.0));
        c.tools += u64::from(o.tools);
        c.sessions += u64::from(o.session.is_some());
        let hour = hour_of_week(o.time);
        if self.hours.is_empty() {
            self.hours.resize(HOURS, 0);
        }
        self.hours[hour] = self.hours[hour].saturating_add(1);
        let slot = slot_of_week(o.time);
        self.slots[slot / 64] |= 1 << (slot % 64);
        if let Some(ip) = o.ip {
            self.networks.add(network_key(ip));
        }
        if o.user_agent.is_some() || o.tls_ja4.is_some() {
            let agent = o.user_agent.unwrap_or_default();
            self.clients.add(client_key(agent, o.tls_ja4.unwrap_or_default()));
            add_named(&mut self.agents, if agent.is_empty() { o.tls_ja4.unwrap_or_default() } else { agent }, 1);
        }
        if let Some(organization) = o.organization {
            self.organizations.add(text::hash(organization.as_bytes()));
        }
        if let Some(model) = o.model {
            let hash = add_named(&mut self.models, model, 1);
            let day = o.time.div_euclid(86_400 * SECOND) as i32;
            let entry = ModelDay { hash: fold(hash ^ 0x9d, day as u64 | 1 << 40), day, model: hash, count: 1 };
            add_model_day(&mut self.model_days, entry);
        }
        for reference in o.minted {
            self.minted.add(text::hash(reference.as_bytes()));
        }
        for reference in o.presented {
            self.presented.add(text::hash(reference.as_bytes()));
        }
        let prompt = o.prompt.map_or(0, |p| text::hash(p.as_bytes()));
        if o.prompt.is_some() {
            c.prompts += 1;
            self.prompts.add(prompt);
        }
        let key = key(prompt, o.time);
        if self.wants(key) {
            let sample = reader.sample(key, prompt, o);
            self.keep(sample);
        }
    }

    fn wants(&self, key: u64) -> bool {
        self.samples.len() < SAMPLES || self.samples.last().is_some_and(|s| key <= s.key)
    }

    fn keep(&mut self, sample: Sample) {
        // Equal keys are the same exchange met twice but for a hash collision; the order of the whole sample decides.
        if let Err(at) = self.samples.binary_search(&sample) {
            self.samples.insert(at, sample);
            self.samples.truncate(SAMPLES);
        }
    }

    /// Takes all of another sketch in.
    pub fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.counts.merge(&other.counts);
        if self.hours.len() < other.hours.len() {
            self.hours.resize(other.hours.len(), 0);
        }
        for (mine, theirs) in self.hours.iter_mut().zip(&other.hours) {
            *mine = mine.saturating_add(*theirs);
        }
        for (mine, theirs) in self.slots.iter_mut().zip(&other.slots) {
            *mine |= theirs;
        }
        self.networks.merge(&other.networks);
        self.clients.merge(&other.clients);
        self.organizations.merge(&other.organizations);
        self.prompts.merge(&other.prompts);
        self.minted.merge(&other.minted);
        self.presented.merge(&other.presented);
        for named in &other.models {
            add_named(&mut self.models, &named.name, named.count);
        }
        for named in &other.agents {
            add_named(&mut self.agents, &named.name, named.count);
        }
        for &entry in &other.model_days {
            add_model_day(&mut self.model_days, entry);
        }
        for sample in &other.samples {
            if self.wants(sample.key) {
                self.keep(sample.clone());
            }
        }
    }

    /// The sampled exchanges: a uniform sample of at most [`SAMPLES`]; all of them when there are no more.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Exchanges by hour of the week, UTC, Monday 00:00 first; 168 entries, or none for an empty sketch.
    #[must_use]
    pub fn hours(&self) -> &[u32] {
        &self.hours
    }

    /// The ten-minute slots of the week with an exchange, as bits.
    #[must_use]
    pub fn slots(&self) -> &[u64] {
        &self.slots
    }

    /// The sketch's bytes: the version, then postcard.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Serialising plain data into memory can't fail; an empty result would be refused by `from_bytes`.
        postcard::to_allocvec(&(VERSION, self)).unwrap_or_default()
    }

    /// Reads a sketch.
    ///
    /// # Errors
    /// When the bytes are of another version, truncated, or break an invariant of the type.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let (version, rest) = postcard::take_from_bytes::<u16>(bytes).map_err(|_| SketchError::Malformed)?;
        if version != VERSION {
            return Err(SketchError::Version(version));
        }
        let (sketch, rest) = postcard::take_from_bytes::<Self>(rest).map_err(|_| SketchError::Malformed)?;
        if rest.is_empty() && sketch.is_valid() { Ok(sketch) } else { Err(SketchError::Malformed) }
    }

    fn is_valid(&self) -> bool {
        let named = |n: &[Named]| n.len() <= NAMES && n.windows(2).all(|w| w[0].hash < w[1].hash);
        (self.hours.is_empty() || self.hours.len() == HOURS)
            && self.networks.is_valid()
            && self.clients.is_valid()
            && self.organizations.is_valid()
            && self.prompts.is_valid()
            && self.minted.is_valid()
            && self.presented.is_valid()
            && named(&self.models)
            && named(&self.agents)
            && self.model_days.len() <= MODEL_DAYS
            && self.model_days.windows(2).all(|w| w[0].hash < w[1].hash)
            && self.samples.len() <= SAMPLES
            && self.samples.windows(2).all(|w| w[0] < w[1])
            && self.samples.iter().all(|s| usize::from(s.capability) < stillwatch_model::Capability::ALL.len())
    }

    /// Bytes held on the heap, for memory accounting.
    #[must_use]
    pub fn heap(&self) -> usize {
        let names = |n: &Vec<Named>| n.capacity() * size_of::<Named>() + n.iter().map(|n| n.name.len()).sum::<usize>();
        self.hours.capacity() * 4
            + self.networks.heap()
            + self.clients.heap()
            + self.organizations.heap()
            + self.prompts.heap()
            + self.minted.heap()
            + self.presented.heap()
            + names(&self.models)
            + names(&self.agents)
            + self.model_days.capacity() * size_of::<ModelDay>()
            + self.samples.capacity() * size_of::<Sample>()
    }
}

/// Hour of the week of an instant, UTC, Monday 00:00 first.
#[must_use]
pub fn hour_of_week(time: Micros) -> usize {
    // 1970-01-01 was a Thursday.
    (time.div_euclid(3600 * SECOND) + 72).rem_euclid(HOURS as i64) as usize
}

fn slot_of_week(time: Micros) -> usize {
    (time.div_euclid(600 * SECOND) + 432).rem_euclid(1008) as usize
}

fn add_named(names: &mut Vec<Named>, name: &str, count: u64) -> u64 {
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    let name = &name[..end];
    let hash = text::hash(name.as_bytes());
    match names.binary_search_by_key(&hash, |n| n.hash) {
        Ok(at) => names[at].count = names[at].count.saturating_add(count),
        Err(at) if at < NAMES => {
            names.insert(at, Named { hash, name: name.into(), count });
            names.truncate(NAMES);
        }
        Err(_) => {}
    }
    hash
}

fn add_model_day(days: &mut Vec<ModelDay>, entry: ModelDay) {
    match days.binary_search_by_key(&entry.hash, |d| d.hash) {
        Ok(at) => days[at].count = days[at].count.saturating_add(entry.count),
        Err(at) if at < MODEL_DAYS => {
            days.insert(at, entry);
            days.truncate(MODEL_DAYS);
        }
        Err(_) => {}
    }
}
