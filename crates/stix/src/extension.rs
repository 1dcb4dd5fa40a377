//! Extension: what STIX 2.1 has no words for, said by eight extension definitions (`docs/stix.md`).
//! In: sketches, metrics, clients, responses, handling. Out: extension contents, and the definitions that travel with them.
//! Invariant: volumes are orders of magnitude; ids never change within a major version; schemas are `schemas/stix/`.
//! Not here: which object carries which (`campaign`).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::made::{self, Made};
use crate::marking::Tlp;
use crate::version;

pub use crate::sketch::{Sketch, SketchKind, SketchMatch};

/// What is fixed in a family of prompts: a property extension of network-traffic and of indicators.
pub const TEXT_SKETCH: &str = "extension-definition--acc2decd-9eae-506a-8eb6-d04f341bfba8";
/// What tells a client program apart: a property extension of network-traffic and of indicators.
pub const CLIENT: &str = "extension-definition--4db10590-8f15-52c0-aa2c-7c2148fad89d";
/// How large a campaign is: a property extension of campaigns.
pub const METRICS: &str = "extension-definition--ef0b59c3-985c-5859-ad6f-feaa09319bf5";
/// What was done about a campaign: a property extension of courses of action.
pub const RESPONSE: &str = "extension-definition--41295c47-dcc5-53cf-ad0b-e35bd1b6bc33";
/// Expiry and legal basis: a property extension of any domain object.
pub const HANDLING: &str = "extension-definition--fb5009ca-aded-55fb-9a35-eefc90cf77ee";
/// From when somebody acts on a campaign: a new domain object (STIX 2.1, section 7.3).
pub const ACTION_NOTICE: &str = "extension-definition--a12f1e86-49ff-59cb-9e33-89933ea6d030";
/// That a notice was read: a new domain object (STIX 2.1, section 7.3).
pub const NOTICE_ACKNOWLEDGEMENT: &str = "extension-definition--2d19bdf7-2bcf-5f7c-9e33-adf72e4e2996";

/// How a campaign's volume changed at the teller: a new domain object (STIX 2.1, section 7.3).
pub const CAMPAIGN_EFFECT: &str = "extension-definition--4790e872-00c1-5845-b6de-e86885a88b3c";

/// Who publishes the definitions.
pub const PUBLISHER: &str = "identity--e71e0f5d-5e9f-5cb7-8b7b-cdd0a45cdb01";
/// When the definitions of this version were published.
const PUBLISHED: &str = "2026-11-25T00:00:00.000Z";

/// One published extension definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Its id, the key under `extensions`.
    pub id: &'static str,
    /// Name of the schema file.
    pub name: &'static str,
    /// Version: major for what breaks readers, and then the id changes; minor for new optional properties; patch for words.
    pub version: &'static str,
    /// `extension_types`.
    pub kinds: &'static [&'static str],
    /// Types of objects that carry it; empty: any but observables and markings.
    pub on: &'static [&'static str],
    /// What it is for, one sentence.
    pub about: &'static str,
    /// JSON Schema (draft 2020-12) of its content; of the object where it defines one.
    pub schema: &'static str,
}

/// Every definition.
pub const DEFINITIONS: [Definition; 8] = [
    Definition {
        id: TEXT_SKETCH,
        name: "text-sketch",
        version: "1.0.0",
        kinds: &["property-extension"],
        on: &["network-traffic", "indicator"],
        about: "What is fixed in a family of prompts (a template, or an injected text), as hashes that hold no text.",
        schema: include_str!("../../../schemas/stix/text-sketch.schema.json"),
    },
    Definition {
        id: CLIENT,
        name: "client-fingerprint",
        version: "1.0.0",
        kinds: &["property-extension"],
        on: &["network-traffic", "indicator"],
        about: "What tells a client program apart: its TLS hello as JA4, its user agent.",
        schema: include_str!("../../../schemas/stix/client-fingerprint.schema.json"),
    },
    Definition {
        id: METRICS,
        name: "campaign-metrics",
        version: "1.0.0",
        kinds: &["property-extension"],
        on: &["campaign"],
        about: "How large a model-extraction campaign is, in orders of magnitude, what it aims at and how it hides.",
        schema: include_str!("../../../schemas/stix/campaign-metrics.schema.json"),
    },
    Definition {
        id: RESPONSE,
        name: "response-taken",
        version: "1.0.0",
        kinds: &["property-extension"],
        on: &["course-of-action"],
        about: "What the sender did about a campaign, and when.",
        schema: include_str!("../../../schemas/stix/response-taken.schema.json"),
    },
    Definition {
        id: HANDLING,
        name: "handling",
        version: "1.0.0",
        kinds: &["property-extension"],
        on: &[],
        about: "Until when an object may be kept, on what legal basis it was shared and for what purpose.",
        schema: include_str!("../../../schemas/stix/handling.schema.json"),
    },
    Definition {
        id: ACTION_NOTICE,
        name: "action-notice",
        version: "1.0.0",
        kinds: &[NEW_OBJECT],
        on: &["action-notice"],
        about: "From when the teller acts on a campaign. Information only: no request to act, no promise to act; each member decides alone.",
        schema: include_str!("../../../schemas/stix/action-notice.schema.json"),
    },
    Definition {
        id: NOTICE_ACKNOWLEDGEMENT,
        name: "notice-acknowledgement",
        version: "1.0.0",
        kinds: &[NEW_OBJECT],
        on: &["notice-acknowledgement"],
        about: "That the teller has read an action notice. Nothing else is said: no answer, no opinion, no intention.",
        schema: include_str!("../../../schemas/stix/notice-acknowledgement.schema.json"),
    },
    Definition {
        id: CAMPAIGN_EFFECT,
        name: "campaign-effect",
        version: "1.0.0",
        kinds: &[NEW_OBJECT],
        on: &["campaign-effect"],
        about: "By how many tens of per cent the volume of a campaign changed at the teller after it acted. For a hub that tells a mean of three or more members, and nothing of one.",
        schema: include_str!("../../../schemas/stix/campaign-effect.schema.json"),
    },
];

impl Definition {
    /// Whether it defines a type of object, and not properties of others.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.kinds.contains(&NEW_OBJECT)
    }

    /// The definition of that id.
    #[must_use]
    pub fn of(id: &str) -> Option<&'static Definition> {
        static ALL: [Definition; 8] = DEFINITIONS;
        ALL.iter().find(|definition| definition.id == id)
    }

    /// The extension-definition object (STIX 2.1, section 7.3). Its schema travels as text: nobody needs to fetch anything.
    #[must_use]
    pub fn object(&self) -> String {
        // Made once: every bundle carries them.
        static OBJECTS: LazyLock<HashMap<&'static str, String>> =
            LazyLock::new(|| DEFINITIONS.iter().map(|definition| (definition.id, definition.make())).collect());
        OBJECTS.get(self.id).cloned().unwrap_or_else(|| self.make())
    }

    fn make(&self) -> String {
        let schema: Value = serde_json::from_str(self.schema).unwrap_or_default();
        Made::new("extension-definition", self.id)
            .dated(PUBLISHED, PUBLISHED)
            .with("created_by_ref", json!(PUBLISHER))
            .with("object_marking_refs", json!([Tlp::Clear.id()]))
            .with("name", json!(self.name))
            .with("description", json!(self.about))
            .with("version", json!(self.version))
            .with("extension_types", json!(self.kinds))
            .with("schema", json!(made::text(&schema)))
            .text()
    }
}

/// The identity that publishes the definitions, and the techniques that aren't any member's own.
#[must_use]
pub fn publisher() -> String {
    Made::new("identity", PUBLISHER)
        .dated(PUBLISHED, PUBLISHED)
        .with("object_marking_refs", json!([Tlp::Clear.id()]))
        .with("name", json!("Stillwatch"))
        .with("description", json!("Publisher of extension definitions for indicators of model extraction."))
        .with("identity_class", json!("system"))
        .text()
}

/// What travels with an object whose type a definition adds: that definition, and who published it.
pub(crate) fn defined(id: &str) -> Vec<String> {
    [publisher()].into_iter().chain(Definition::of(id).map(Definition::object)).collect()
}

/// An object of a type that a definition adds, told by the identity `by`, with all but what is its own.
pub(crate) fn defining(by: &str, kind: &str, id: &str, definition: &str, (at, tlp): (&str, Tlp)) -> Made {
    let at = version::timestamp(at).unwrap_or_default();
    let mut made = Made::new(kind, id)
        .dated(&at, &at)
        .with("created_by_ref", json!(by))
        .with("object_marking_refs", json!([tlp.id()]));
    made.extend(definition, json!({"extension_type": NEW_OBJECT}));
    made
}

/// When objects of the publisher were made.
pub(crate) fn published() -> &'static str {
    PUBLISHED
}

/// Order of magnitude: n where 10^n <= `value` < 10^(n+1); `None` for 0. Exact volumes never leave.
#[must_use]
pub fn magnitude(value: u64) -> Option<u32> {
    value.checked_ilog10()
}

/// The least number of an order of magnitude, for properties that STIX wants as a number of at most 999,999,999.
#[must_use]
pub fn floor(value: u64) -> u64 {
    magnitude(value).map_or(0, |n| 10u64.pow(n)).min(100_000_000)
}

/// On network traffic or an indicator: what tells a client apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientPrint {
    /// Always `property-extension`.
    pub extension_type: String,
    /// JA4 fingerprint of the TLS hello.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ja4: Option<String>,
    /// HTTP user agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// On a campaign: its size, aim and evasions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Always `property-extension`.
    pub extension_type: String,
    /// Order of magnitude of the exchanges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchanges_log10: Option<u32>,
    /// Order of magnitude of the accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts_log10: Option<u32>,
    /// Order of magnitude of the request tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens_log10: Option<u32>,
    /// Order of magnitude of the response tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens_log10: Option<u32>,
    /// Order of magnitude of the reasoning tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens_log10: Option<u32>,
    /// How much it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What is harvested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// How it hides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evasions: Vec<String>,
    /// Independent kinds of evidence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence_families: Vec<String>,
}

/// On a course of action: what was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseTaken {
    /// Always `property-extension`.
    pub extension_type: String,
    /// What was done.
    pub action: String,
    /// When, RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<String>,
    /// Order of magnitude of the accounts concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts_log10: Option<u32>,
}

/// On any domain object: expiry and ground.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handling {
    /// Always `property-extension`.
    pub extension_type: String,
    /// Delete it then, RFC 3339 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Ground on which it is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// What it may be used for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// `extension_type` of new domain objects.
pub(crate) const NEW_OBJECT: &str = "new-sdo";
/// `extension_type` of all but new objects.
pub(crate) const PROPERTY: &str = "property-extension";

/// Whether a text is a JA4 fingerprint (TLS client; FoxIO's JA4 specification).
#[must_use]
pub fn is_ja4(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = |part: Option<&[u8]>| {
        part.is_some_and(|part| part.iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b)))
    };
    bytes.len() == 36
        && matches!(bytes[0], b't' | b'q' | b'd')
        && ["13", "12", "11", "10", "s3", "s2", "s1", "d1", "d2", "d3", "00"].iter().any(|v| text[1..].starts_with(v))
        && matches!(bytes[3], b'd' | b'i')
        && bytes[4..8].iter().all(u8::is_ascii_digit)
        && bytes[8..10].iter().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
        && bytes[10] == b'_'
        && hex(bytes.get(11..23))
        && bytes[23] == b'_'
        && hex(bytes.get(24..36))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stillwatch_model::canonical;

    #[test]
    fn ids_are_made_from_name_and_major_version() {
        for definition in DEFINITIONS {
            let made = canonical::id("extension-definition", &json!({"extension": definition.name, "major": 1}));
            assert_eq!(definition.id, made, "{}", definition.name);
        }
        assert_eq!(PUBLISHER, canonical::id("identity", &json!({"name": "Stillwatch"})));
    }

    #[test]
    fn volumes_are_orders_of_magnitude() {
        assert_eq!(
            [0, 1, 9, 10, 999, 1000, u64::MAX].map(magnitude),
            [None, Some(0), Some(0), Some(1), Some(2), Some(3), Some(19)]
        );
        assert_eq!([0, 7, 31_337, u64::MAX].map(floor), [0, 1, 10_000, 100_000_000]);
    }

    #[test]
    fn ja4_is_told_from_other_text() {
        assert!(is_ja4("t13d1516h2_8daaf6152771_b186095e22b6"));
        for other in [
            "",
            "acct-000000000000000000000000000000",
            "t13d1516h2_8daaf6152771_b186095e22bé",
            "ééééééééééééééééééééééé",
        ] {
            assert!(!is_ja4(other), "{other}");
        }
    }
}
