//! Client: the programs that send requests, as their user agent and TLS fingerprint show them.
//! In: nothing. Out: lists of `Client`s.
//! Invariant: all are invented; the same program has the same fingerprint, whoever runs it.
//! Not here: who runs which (`honest`, `campaign`).

/// A program that talks to the interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Client {
    /// The user agent.
    pub(crate) agent: &'static str,
    /// The JA4 fingerprint of its TLS stack.
    pub(crate) ja4: &'static str,
}

const fn client(agent: &'static str, ja4: &'static str) -> Client {
    Client { agent, ja4 }
}

const PYTHON: Client = client("python-sdk/1.9", "t13d1812h1_5f0c6a1be902_7f1a23b0c4de");
const PYTHON_OLD: Client = client("python-sdk/1.7", "t13d1811h1_5f0c6a1be902_19ab6e02d7c3");
const NODE: Client = client("node-sdk/4.1", "t13d3012h2_1d37bd780c83_882d49ba2b81");
const GO: Client = client("go-sdk/0.7", "t13d1310h2_f57a46bbacb6_3cbfd9057e0d");
const JAVA: Client = client("java-sdk/2.2", "t13d4909h1_a0e9f6d64349_b2c0d8e14f03");
const CURL: Client = client("curl/8", "t13d3112h2_e8f1e7e78f70_6bebaf5329ac");
const CHROME: Client = client("web/chrome", "t13d1516h2_8daaf6152771_d8a2da3f94cd");
const SAFARI: Client = client("web/safari", "t13d2014h2_a09f3c656075_14788d8d241b");
const FIREFOX: Client = client("web/firefox", "t13d1715h2_5b57614c22b0_3d5424432f57");
const IOS: Client = client("ios-app/3.2", "t13d2613h2_2802a3db6c62_845d286b0d67");
const ANDROID: Client = client("android-app/3.2", "t13d1517h2_8daaf6152771_b0da82dd1658");
const CODEHAND: Client = client("codehand/2.4", "t13d3013h2_1d37bd780c83_7e51fdad25f2");
const OPENCRAFT: Client = client("opencraft/0.9", "t13d1311h2_f57a46bbacb6_e5728521abd4");
const PANELTASK: Client = client("paneltask/1.1", "t13d1813h2_5f0c6a1be902_a7c98f1204bd");
const CHATBOX: Client = client("chatbox/1.12", "t13d1518h2_8daaf6152771_02c713e1fae0");

/// What people use.
pub(crate) const PEOPLE: &[Client] = &[CHROME, CHROME, SAFARI, IOS, IOS, ANDROID, FIREFOX];
/// What people use at a desk.
pub(crate) const BROWSERS: &[Client] = &[CHROME, CHROME, SAFARI, FIREFOX];
/// What companies' servers use.
pub(crate) const SERVERS: &[Client] = &[PYTHON, PYTHON, NODE, NODE, GO, JAVA, PYTHON_OLD];
/// What scripts use.
pub(crate) const SCRIPTS: &[Client] = &[PYTHON, PYTHON, PYTHON, NODE, CURL];
/// What a harvest uses.
pub(crate) const HARVESTERS: &[Client] = &[PYTHON, PYTHON, PYTHON, PYTHON_OLD, NODE];
/// The coding agents, in the order of their system prompts.
pub(crate) const HARNESSES: [Client; 3] = [CODEHAND, OPENCRAFT, PANELTASK];
/// What bring-your-own-key users chat with.
pub(crate) const DESKTOP: &[Client] = &[CHATBOX, CHATBOX, NODE, CHROME];
/// An aggregator's gateway.
pub(crate) const ROUTER: &[Client] = &[client("router/1.0", "t13d1312h2_f57a46bbacb6_e7c285222651")];
/// Continuous integration.
pub(crate) const RUNNER: &[Client] = &[client("ci-runner/1.7", "t13d1814h2_5f0c6a1be902_3b1f0d95ac77")];
/// Evaluation kits.
pub(crate) const EVALKIT: &[Client] = &[client("evalkit/0.4", "t13d1812h1_5f0c6a1be902_7f1a23b0c4de"), PYTHON];
