//! Atlas: names of the MITRE ATLAS techniques that campaigns are described with.
//! In: a technique id such as `AML.T0024.002`. Out: its name.
//! Invariant: an id that is not in the table has no name; none is invented.
//! Not here: choosing a campaign's techniques (`detect`).

/// The techniques that the detector can name, by id.
const TECHNIQUES: [(&str, &str); 11] = [
    ("AML.T0005.001", "Train Proxy via Replication"),
    ("AML.T0008.005", "AI Service Proxies"),
    ("AML.T0012", "Valid Accounts"),
    ("AML.T0021", "Establish Accounts"),
    ("AML.T0024", "Exfiltration via AI Inference API"),
    ("AML.T0024.002", "Extract AI Model"),
    ("AML.T0040", "AI Model Inference API Access"),
    ("AML.T0048.004", "AI Intellectual Property Theft"),
    ("AML.T0054", "LLM Jailbreak"),
    ("AML.T0057", "LLM Data Leakage"),
    ("AML.T0065", "LLM Prompt Crafting"),
];

/// The name of a MITRE ATLAS technique, where it is one that Stillwatch reports.
#[must_use]
pub fn technique_name(id: &str) -> Option<&'static str> {
    TECHNIQUES.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
}
