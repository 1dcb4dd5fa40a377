//! Exchange: one record of a traffic log, in the native form; and what is known of its account.
//! In: a JSON line or a Parquet row. Out: `Exchange`, `AccountInfo`.
//! Invariant: only `time`, `account` and one of `prompt`/`messages` are required; the rest is `None` when absent.
//! Not here: other vendors' log formats (the engine's `sources/*.sql`).

use serde::{Deserialize, Serialize};

/// One request to a model and its response. Field meanings are those of the native source (`docs/formats.md`).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exchange {
    /// When the request arrived, RFC 3339.
    pub time: String,
    /// Billing or ban identity.
    pub account: String,
    /// Organisation, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// API key (opaque), where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// Session or conversation, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Network address of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Autonomous system number of `ip`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<i64>,
    /// ISO 3166 country of `ip`. Never scored by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// HTTP user agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// JA4 TLS client fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ja4: Option<String>,
    /// Model asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// System prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// User prompt (the last user turn).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The whole conversation; wins over `prompt`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<Vec<Message>>,
    /// Response text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<String>,
    /// Tokens of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<i64>,
    /// Tokens of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<i64>,
    /// Reasoning tokens of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<i64>,
    /// Names of the tools offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// Access path: `direct`, `cloud`, `aggregator` or `subscription`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<String>,
    /// The user that an aggregator passes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    /// HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// Whether the model or a safeguard refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<bool>,
    /// Hashes of opaque reasoning tokens that this response handed out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_minted: Option<Vec<String>>,
    /// Hashes of opaque reasoning tokens that this request handed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_presented: Option<Vec<String>>,
    /// Whether the answer was streamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// Whether the request came through a batch endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<bool>,
    /// Sampling temperature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Output limit asked for, in tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<i64>,
    /// Why the answer ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<String>,
}

/// One turn of a conversation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// The text of the turn.
    pub content: String,
}

/// What is known of an account besides its traffic (the `--accounts` file).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountInfo {
    /// Billing or ban identity.
    pub account: String,
    /// When the account was created, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Opaque fingerprint of the payment instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<String>,
    /// Opaque device fingerprint at sign-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Domain of the sign-up e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_domain: Option<String>,
    /// Prefix of the sign-up phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_prefix: Option<String>,
    /// ISO 3166 billing country. Never scored by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_country: Option<String>,
    /// Price plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Who referred the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// Whether the holder's identity was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<bool>,
}

/// What an account really is, for `evaluate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Billing or ban identity; a user inside an aggregator is `account/end_user`.
    pub account: String,
    /// Honest, campaign or grey.
    pub label: TruthLabel,
    /// Archetype or campaign name.
    pub group: String,
}

/// The three kinds of truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TruthLabel {
    /// Ordinary use.
    Honest,
    /// A member of a distillation campaign.
    Campaign,
    /// Neither: left out of every figure.
    Grey,
}
