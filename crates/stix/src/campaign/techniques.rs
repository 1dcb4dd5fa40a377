//! Techniques: MITRE ATLAS techniques as attack patterns.
//! In: ATLAS ids. Out: attack-pattern objects that are the same at every member, and that the campaign uses them.
//! Invariant: an id is one object for everybody; a technique that isn't in the list is told by its id.
//! Not here: which techniques a campaign has (`detect`).

use serde_json::json;

use super::draft::Draft;
use crate::extension::{PUBLISHER, published};
use crate::id;
use crate::made::Made;

/// Techniques of ATLAS 5.6: id, name, tactics as kill-chain phases.
const ATLAS: [(&str, &str, &[&str]); 23] = [
    ("AML.T0005", "Create Proxy AI Model", &["ai-attack-staging"]),
    ("AML.T0005.001", "Train Proxy via Replication", &["ai-attack-staging"]),
    ("AML.T0008.005", "AI Service Proxies", &["resource-development"]),
    ("AML.T0012", "Valid Accounts", &["initial-access"]),
    ("AML.T0021", "Establish Accounts", &["resource-development"]),
    ("AML.T0024", "Exfiltration via AI Inference API", &["exfiltration"]),
    ("AML.T0024.000", "Infer Training Data Membership", &["exfiltration"]),
    ("AML.T0024.001", "Invert AI Model", &["exfiltration"]),
    ("AML.T0024.002", "Extract AI Model", &["exfiltration"]),
    ("AML.T0034", "Cost Harvesting", &["impact"]),
    ("AML.T0034.000", "Excessive Queries", &["impact"]),
    ("AML.T0040", "AI Model Inference API Access", &["ai-model-access"]),
    ("AML.T0047", "AI-Enabled Product or Service", &["ai-model-access"]),
    ("AML.T0048", "External Harms", &["impact"]),
    ("AML.T0048.002", "Societal Harm", &["impact"]),
    ("AML.T0048.003", "User Harm", &["impact"]),
    ("AML.T0048.004", "AI Intellectual Property Theft", &["impact"]),
    ("AML.T0054", "LLM Jailbreak", &["privilege-escalation", "defense-evasion"]),
    ("AML.T0056", "Extract LLM System Prompt", &["exfiltration"]),
    ("AML.T0057", "LLM Data Leakage", &["exfiltration"]),
    ("AML.T0063", "Discover AI Model Outputs", &["discovery"]),
    ("AML.T0065", "LLM Prompt Crafting", &["resource-development"]),
    ("AML.T0069", "Discover LLM System Information", &["discovery"]),
];

/// Id of the attack pattern of an ATLAS technique.
pub(super) fn pattern_id(technique: &str) -> String {
    id::domain("attack-pattern", &json!({"source": "mitre-atlas", "id": technique}))
}

/// Whether a text has the form of an ATLAS technique's id.
pub(super) fn is_technique(text: &str) -> bool {
    text.strip_prefix("AML.T").is_some_and(|rest| {
        let (main, sub) = rest.split_once('.').unwrap_or((rest, "000"));
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        digits(main, 4) && digits(sub, 3)
    })
}

/// One attack pattern a technique.
pub(super) fn tell(draft: &mut Draft<'_>) {
    for technique in draft.campaign.techniques.iter().filter(|technique| is_technique(technique)) {
        let known = ATLAS.iter().find(|(id, ..)| id == technique);
        let phases: Vec<_> = known
            .map_or(&[][..], |(.., phases)| phases)
            .iter()
            .map(|phase| json!({"kill_chain_name": "mitre-atlas", "phase_name": phase}))
            .collect();
        let made = Made::new("attack-pattern", &pattern_id(technique))
            .dated(published(), published())
            .with("created_by_ref", json!(PUBLISHER))
            .with("name", json!(known.map_or(technique.as_str(), |(_, name, _)| name)))
            .with("kill_chain_phases", json!(phases))
            .with(
                "external_references",
                json!([{
                    "source_name": "mitre-atlas",
                    "external_id": technique,
                    // No `url`: the specification wants a hash with it, and the page changes.
                    "description": format!("https://atlas.mitre.org/techniques/{technique}"),
                }]),
            );
        let pattern = draft.add_public(made);
        draft.relate(&draft.campaign.id.clone(), "uses", &pattern);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_technique_ids_pass() {
        assert!(ATLAS.iter().all(|(id, ..)| is_technique(id)));
        assert!(
            ["", "AML.T1", "AML.T0024.1", "AML.TA0010", "AML.T0024.002x", "T1090"].iter().all(|id| !is_technique(id))
        );
    }
}
