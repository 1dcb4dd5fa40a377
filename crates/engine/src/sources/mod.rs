//! Sources: the log formats that are understood, each a SQL projection onto the native schema in a file of its own.
//! In: a name, or the first records of a file. Out: `SourceInfo`.
//! Invariant: adding a source is adding `<name>.sql`, `<name>.sample.jsonl` and an entry in `list`.
//! Not here: reading files (`scan/`).

pub mod functions;
mod recognise;

pub(crate) use recognise::best;

/// A log format.
#[derive(Debug)]
pub struct SourceInfo {
    /// Its name, for `--source`.
    pub name: &'static str,
    /// What writes such logs.
    pub what: &'static str,
    /// A record, invented, on one line.
    pub sample: &'static str,
    /// The native columns that it can give.
    pub feeds: &'static [&'static str],
    /// Its projection onto the native schema.
    pub(crate) sql: &'static str,
    /// SQL that pairs up two kinds of record before `sql` reads them, and the keys that tell these apart.
    pub(crate) pairs: Option<(&'static str, [&'static str; 2])>,
    /// What its records have: the path of a key, or of a text and a part of it (`path~/v1/messages`), and how much that says.
    pub(crate) marks: &'static [(&'static str, u32)],
}

impl SourceInfo {
    /// Whether whoever says `name` means this source: a vendor's name means its batch files too.
    pub(crate) fn answers_to(&self, name: &str) -> bool {
        self.name == name || self.name.strip_suffix("-batch") == Some(name)
    }
}

macro_rules! source {
    ($name:literal, $what:literal, feeds: $feeds:expr, marks: $marks:expr $(, pairs: $pairs:expr)?) => {
        SourceInfo {
            name: $name,
            what: $what,
            sample: include_str!(concat!($name, ".sample.jsonl")).trim_ascii_end(),
            feeds: $feeds,
            sql: include_str!(concat!($name, ".sql")),
            pairs: source!(@ $($pairs)?),
            marks: $marks,
        }
    };
    (@) => { None };
    (@ $pairs:expr) => { Some($pairs) };
}

static LIST: [SourceInfo; 11] = [
    source!("native", "Stillwatch's own records, as JSONL, CSV or Parquet",
        feeds: &["time", "account", "organization", "api_key", "session", "ip", "asn", "country", "user_agent", "tls_ja4", "model", "system",
            "prompt", "completion_bytes", "input_tokens", "output_tokens", "reasoning_tokens", "tools", "access", "end_user", "status",
            "refusal", "reasoning_minted", "reasoning_presented", "stream", "batch", "temperature", "max_tokens", "stop_reason"],
        marks: &[("time", 2), ("account", 2), ("prompt", 1), ("messages", 1), ("api_key", 1), ("input_tokens", 1)]),
    source!("otel", "OpenTelemetry spans and logs with GenAI attributes, as OTLP JSON",
        feeds: &["time", "account", "organization", "api_key", "session", "ip", "user_agent", "tls_ja4", "model", "system", "prompt",
            "completion_bytes", "input_tokens", "output_tokens", "reasoning_tokens", "tools", "end_user", "status", "refusal",
            "reasoning_minted", "reasoning_presented", "stream", "temperature", "max_tokens", "stop_reason"],
        marks: &[("resourceSpans", 5), ("resource_spans", 5), ("resourceLogs", 5), ("resource_logs", 5)],
        pairs: (include_str!("otel-pairs.sql"), ["resourceSpans", "resourceLogs"])),
    source!("litellm", "LiteLLM proxy: logging payloads and spend logs",
        feeds: &["time", "account", "organization", "api_key", "session", "ip", "user_agent", "model", "system", "prompt", "completion_bytes",
            "input_tokens", "output_tokens", "reasoning_tokens", "tools", "end_user", "status", "refusal", "reasoning_minted",
            "reasoning_presented", "stream", "batch", "temperature", "max_tokens", "stop_reason"],
        marks: &[("call_type", 2), ("startTime", 2), ("metadata/user_api_key_hash", 3), ("model_group", 1), ("response_cost", 1), ("spend", 1),
            ("request_tags", 1), ("requester_ip_address", 1), ("api_key", 1)]),
    source!("envoy", "Envoy AI Gateway's access log; it has no text, and an account only where the operator maps a header",
        feeds: &["time", "account", "organization", "api_key", "session", "ip", "user_agent", "tls_ja4", "model", "input_tokens",
            "output_tokens", "reasoning_tokens", "end_user", "status"],
        marks: &[("x-envoy-origin-path", 3), ("response_flags", 2), ("downstream_remote_address", 2), ("response_code", 1), ("start_time", 1),
            ("gen_ai.request.model", 2), ("upstream_host", 1)]),
    source!("kong", "Kong AI Gateway's log serializer",
        feeds: &["time", "account", "organization", "api_key", "session", "ip", "user_agent", "model", "system", "prompt", "completion_bytes",
            "input_tokens", "output_tokens", "reasoning_tokens", "tools", "end_user", "status", "refusal", "reasoning_minted",
            "reasoning_presented", "stream", "temperature", "max_tokens", "stop_reason"],
        marks: &[("started_at", 1), ("latencies/kong", 3), ("client_ip", 1), ("ai", 2), ("consumer", 1), ("route", 1), ("tries", 1)]),
    source!("langfuse", "Langfuse: ingestion events, API lists and exports of generations",
        feeds: &["time", "account", "organization", "session", "model", "system", "prompt", "completion_bytes", "input_tokens",
            "output_tokens", "reasoning_tokens", "tools", "status", "refusal", "reasoning_minted", "reasoning_presented", "stream",
            "temperature", "max_tokens"],
        marks: &[("body/traceId", 4), ("type~-create", 3), ("type~-update", 3), ("body", 1), ("timestamp", 1), ("traceId", 2), ("trace_id", 1),
            ("modelParameters", 2), ("model_parameters", 1), ("usageDetails", 2), ("usage_details", 2), ("provided_model_name", 2),
            ("promptName", 1), ("type~GENERATION", 2)]),
    source!("openrouter", "OpenRouter's generation records; the account is the aggregator's, its users are passed through",
        feeds: &["time", "account", "session", "user_agent", "model", "input_tokens", "output_tokens", "reasoning_tokens",
            "access", "end_user", "status", "refusal", "stream", "batch", "stop_reason"],
        marks: &[("native_tokens_prompt", 3), ("provider_name", 1), ("upstream_id", 2), ("app_id", 1), ("external_user", 1), ("is_byok", 1),
            ("data/native_tokens_prompt", 4)]),
    source!("openai", "OpenAI requests and responses as a proxy records them",
        feeds: &["time", "account", "organization", "api_key", "session", "ip", "user_agent", "tls_ja4", "model", "system", "prompt",
            "completion_bytes", "input_tokens", "output_tokens", "reasoning_tokens", "tools", "end_user", "status", "refusal",
            "reasoning_minted", "reasoning_presented", "stream", "temperature", "max_tokens", "stop_reason"],
        marks: &[("request/messages", 2), ("request/input", 3), ("request/body/messages", 2), ("request/body/input", 3),
            ("request_body/messages", 2), ("request_body/input", 3), ("body/messages", 2), ("body/input", 3),
            ("response/choices", 3), ("response/output", 3), ("response/body/choices", 3), ("response/body/output", 3),
            ("response_body/choices", 3), ("response_body/output", 3), ("path~/chat/completions", 3), ("url~/chat/completions", 3),
            ("path~/responses", 3), ("url~/responses", 3), ("request/url~/chat/completions", 3), ("request/url~/responses", 3),
            ("request/path~/chat/completions", 3)]),
    source!("openai-batch", "OpenAI Batch API: output files, with their input files beside them",
        feeds: &["time", "account", "model", "system", "prompt", "completion_bytes", "input_tokens", "output_tokens", "reasoning_tokens",
            "tools", "end_user", "status", "refusal", "reasoning_minted", "reasoning_presented", "stream", "batch", "temperature",
            "max_tokens", "stop_reason"],
        marks: &[("custom_id", 4), ("response/request_id", 2), ("response/body", 4), ("body", 4), ("method", 1), ("url~/v1/", 2)]),
    source!("anthropic", "Anthropic requests and responses as a proxy records them",
        feeds: &["time", "account", "organization", "api_key", "session", "ip", "user_agent", "tls_ja4", "model", "system", "prompt",
            "completion_bytes", "input_tokens", "output_tokens", "tools", "end_user", "status", "refusal", "reasoning_minted",
            "reasoning_presented", "stream", "temperature", "max_tokens", "stop_reason"],
        marks: &[("request/messages", 2), ("request/body/messages", 2), ("request_body/messages", 2), ("body/messages", 2),
            ("response/stop_reason", 3), ("response/body/stop_reason", 3), ("response_body/stop_reason", 3),
            ("response/usage/input_tokens", 1), ("response/body/usage/input_tokens", 1), ("response_body/usage/input_tokens", 1),
            ("path~/v1/messages", 3), ("url~/v1/messages", 3), ("request/url~/v1/messages", 3), ("request/path~/v1/messages", 3),
            ("request_headers/anthropic-version", 3), ("request/headers/anthropic-version", 3), ("headers/anthropic-version", 3)]),
    source!("anthropic-batch", "Anthropic Message Batches: results, with their requests beside them; times are those of the files",
        feeds: &["time", "account", "model", "system", "prompt", "completion_bytes", "input_tokens", "output_tokens", "tools", "end_user",
            "status", "refusal", "reasoning_minted", "reasoning_presented", "stream", "batch", "temperature", "max_tokens", "stop_reason"],
        marks: &[("custom_id", 3), ("result/type", 6), ("params/messages", 6), ("requests/*/params", 9)]),
];

/// All sources.
pub fn list() -> &'static [SourceInfo] {
    &LIST
}

/// The source of that name.
pub fn named(name: &str) -> Option<&'static SourceInfo> {
    list().iter().find(|source| source.name == name)
}
