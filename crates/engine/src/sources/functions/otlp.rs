//! OTLP: takes an OpenTelemetry export apart into exchanges with models.
//! In: the JSON text of an export request (`resourceSpans`, `resourceLogs`). Out: a list of JSON texts, one an exchange.
//! Invariant: what is in an attribute, in an event on the span and in a log of its own comes out the same.
//! Not here: which attribute becomes which native column (`otel.sql`).

use std::collections::BTreeMap;

use datafusion::logical_expr::ScalarUDF;
use serde_json::{Map, Value, json};

use super::{
    answers::text_bytes,
    by_row::{Compute, by_row},
};

/// Operations that are an exchange with a model; a span of an agent or a tool only wraps such.
const EXCHANGES: [&str; 6] = ["chat", "text_completion", "generate_content", "completion", "responses", "message"];

/// `otlp_records(json)`: the exchanges in an export request. Of each: `kind`, `time`, `trace`, `span`, `attributes` (those of the
/// resource, the scope and itself, but for the content), `messages`, `output`, `completion_bytes`, `stop_reason`, `tools`.
pub(crate) fn otlp_records() -> ScalarUDF {
    by_row(
        "otlp_records",
        Compute::List(|row| {
            let text = row.first().copied()??;
            if text.starts_with(r#"{"kind":"#) {
                return Some(vec![text.to_owned()]);
            }
            let export: Value = serde_json::from_str(text).ok()?;
            Some(take_apart(&export).iter().map(Exchange::to_text).collect())
        }),
    )
}

/// `otlp_merge(span, log)`: two texts of `otlp_records` that tell of one exchange, as one; the first has precedence.
pub(crate) fn otlp_merge() -> ScalarUDF {
    by_row(
        "otlp_merge",
        Compute::Text(|row| match row {
            [Some(span), Some(log)] => merge(span, log),
            [one, other] => one.or(*other).map(str::to_owned),
            _ => None,
        }),
    )
}

fn merge(span: &str, log: &str) -> Option<String> {
    let (mut span, log): (Map<String, Value>, Map<String, Value>) =
        (serde_json::from_str(span).ok()?, serde_json::from_str(log).ok()?);
    let mut attributes = log.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default();
    attributes.extend(span.get("attributes").and_then(Value::as_object).cloned().unwrap_or_default());
    let mut merged = String::from(r#"{"kind":"span","attributes":"#);
    merged.push_str(&serde_json::to_string(&attributes).ok()?);
    for key in ["time", "completion_bytes", "stop_reason", "tools", "messages", "output"] {
        let value =
            span.remove(key).filter(|value| !value.is_null()).or_else(|| log.get(key).cloned()).unwrap_or_default();
        merged.push_str(&format!(r#","{key}":{value}"#));
    }
    merged.push('}');
    Some(merged)
}

/// One exchange as far as it is known.
#[derive(Default)]
struct Exchange {
    kind: &'static str,
    time: Value,
    trace: String,
    span: String,
    attributes: Map<String, Value>,
    system: Option<Value>,
    input: Vec<Value>,
    output: Vec<Value>,
    stop_reason: Option<Value>,
    tools: Option<Value>,
}

impl Exchange {
    fn to_text(&self) -> String {
        let mut messages = Vec::with_capacity(self.input.len() + 1);
        messages.extend(self.system.iter().map(|system| json!({"role": "system", "content": system})));
        messages.extend(self.input.iter().cloned());
        let bytes = self.output.iter().filter_map(text_bytes).reduce(|a, b| a + b);
        // Attributes come first, as most columns are looked for there and not beyond.
        let text = |value: &Value| serde_json::to_string(value).unwrap_or_default();
        format!(
            r#"{{"kind":"{}","time":{},"trace":{},"span":{},"attributes":{},"completion_bytes":{},"stop_reason":{},"tools":{},"messages":{},"output":{}}}"#,
            self.kind,
            text(&self.time),
            text(&json!(self.trace)),
            text(&json!(self.span)),
            serde_json::to_string(&self.attributes).unwrap_or_default(),
            text(&json!(bytes)),
            text(self.stop_reason.as_ref().unwrap_or(&Value::Null)),
            text(self.tools.as_ref().unwrap_or(&Value::Null)),
            if messages.is_empty() { "null".to_owned() } else { text(&Value::Array(messages)) },
            if self.output.is_empty() { "null".to_owned() } else { text(&json!(self.output)) },
        )
    }

    /// Takes the content out of the attributes, where the conventions of any age put it.
    fn take_content(&mut self) {
        let attributes = std::mem::take(&mut self.attributes);
        let mut prompts = BTreeMap::new();
        let mut completions = BTreeMap::new();
        for (key, value) in attributes {
            match key.as_str() {
                "gen_ai.system_instructions" => self.system = Some(unpack(value)),
                "gen_ai.input.messages" | "gen_ai.prompt" | "llm.prompts" | "input.value" => {
                    self.input = turns("user", unpack(value))
                }
                "gen_ai.output.messages" | "gen_ai.completion" | "llm.completions" | "output.value" => {
                    self.output = turns("assistant", unpack(value));
                }
                "gen_ai.response.finish_reasons" | "llm.response.finish_reason" | "llm.response.stop_reason" => {
                    self.stop_reason = Some(first(unpack(value)));
                }
                "gen_ai.tool.definitions" => self.tools = Some(unpack(value)),
                other => {
                    let flat =
                        ["gen_ai.prompt.", "llm.input_messages."].iter().find_map(|start| other.strip_prefix(start));
                    let flat_answer = ["gen_ai.completion.", "llm.output_messages."]
                        .iter()
                        .find_map(|start| other.strip_prefix(start));
                    match (flat, flat_answer) {
                        (Some(path), _) => keep(&mut prompts, path, value),
                        (_, Some(path)) => keep(&mut completions, path, value),
                        _ => {
                            self.attributes.insert(key, value);
                        }
                    }
                }
            }
        }
        if self.input.is_empty() {
            self.input = prompts.into_values().map(Value::Object).collect();
        }
        if let Some(reason) = completions.values().find_map(|turn: &Map<String, Value>| turn.get("finish_reason")) {
            self.stop_reason.get_or_insert_with(|| reason.clone());
        }
        if self.output.is_empty() {
            self.output = completions.into_values().map(Value::Object).collect();
        }
        if self.stop_reason.is_none() {
            self.stop_reason = self.output.iter().find_map(|turn| turn.get("finish_reason").cloned());
        }
    }

    /// Adds what an event says, be it on the span or a log of its own; false if it says nothing of an exchange.
    fn add_event(&mut self, name: &str, body: Value, attributes: Map<String, Value>) -> bool {
        let content = |key: &str| {
            let of_body = body.get(key).cloned();
            of_body.or_else(|| attributes.get(key).cloned()).or_else(|| body.as_str().map(|text| json!(text)))
        };
        match name {
            "gen_ai.system.message" => self.system = content("content"),
            "gen_ai.user.message" => {
                self.input.extend(content("content").map(|text| json!({"role": "user", "content": text})))
            }
            "gen_ai.assistant.message" => {
                self.input.extend(content("content").map(|text| json!({"role": "assistant", "content": text})));
            }
            "gen_ai.choice" => {
                self.output.extend(content("message").map(unpack));
                self.stop_reason = body
                    .get("finish_reason")
                    .or_else(|| attributes.get("finish_reason"))
                    .cloned()
                    .or(self.stop_reason.take());
            }
            "gen_ai.tool.message" => {}
            "gen_ai.content.prompt" | "gen_ai.content.completion" | "gen_ai.client.inference.operation.details" => {
                if let Value::Object(object) = body {
                    self.attributes.extend(object);
                }
                self.attributes.extend(attributes);
                self.take_content();
            }
            _ => return false,
        }
        true
    }
}

fn take_apart(export: &Value) -> Vec<Exchange> {
    let mut found = Vec::new();
    for (above, span) in walk(export, ["resourceSpans", "resource_spans"], ["scopeSpans", "scope_spans"], ["spans"; 2])
    {
        found.extend(of_span(above, span));
    }
    // Logs that tell of one span belong together.
    let mut by_span: BTreeMap<(String, String), Exchange> = BTreeMap::new();
    let logs =
        walk(export, ["resourceLogs", "resource_logs"], ["scopeLogs", "scope_logs"], ["logRecords", "log_records"]);
    for (above, log) in logs {
        let mut own = attributes(log.get("attributes"));
        let name = ["eventName", "event_name"].iter().find_map(|key| log.get(*key)?.as_str().map(str::to_owned));
        let Some(name) = name.or_else(|| own.get("event.name")?.as_str().map(str::to_owned)) else { continue };
        let (trace, span) = (id(log, ["traceId", "trace_id"]), id(log, ["spanId", "span_id"]));
        let body = log.get("body").map(plain).unwrap_or_default();
        let time = pick(log, &["timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "observed_time_unix_nano"]);
        let alone = name == "gen_ai.client.inference.operation.details" || span.is_empty();
        let mut lone = Exchange::default();
        let exchange = if alone { &mut lone } else { by_span.entry((trace.clone(), span.clone())).or_default() };
        if exchange.time.is_null() {
            (exchange.kind, exchange.time, exchange.trace, exchange.span) = ("log", time, trace, span);
        }
        for (key, value) in above {
            own.entry(key).or_insert(value);
        }
        let content = ["content", "message", "finish_reason", "gen_ai.prompt", "gen_ai.completion"];
        for (key, value) in own.iter().filter(|(key, _)| !content.contains(&key.as_str())) {
            exchange.attributes.insert(key.clone(), value.clone());
        }
        let tells = exchange.add_event(&name, body, own);
        if alone && tells {
            found.push(lone);
        }
    }
    found.extend(by_span.into_values().filter(|exchange| !exchange.input.is_empty() || !exchange.output.is_empty()));
    found
}

fn of_span(above: Map<String, Value>, span: &Value) -> Option<Exchange> {
    let own = attributes(span.get("attributes"));
    let tells = own.keys().any(|key| key.starts_with("gen_ai.") || key.starts_with("llm."));
    let operation = own.get("gen_ai.operation.name").and_then(Value::as_str);
    if !tells || operation.is_some_and(|operation| !EXCHANGES.contains(&operation)) {
        return None;
    }
    let mut all = above;
    all.extend(own);
    let mut exchange = Exchange {
        kind: "span",
        time: pick(span, &["startTimeUnixNano", "start_time_unix_nano"]),
        trace: id(span, ["traceId", "trace_id"]),
        span: id(span, ["spanId", "span_id"]),
        attributes: all,
        ..Exchange::default()
    };
    exchange.take_content();
    for event in span.get("events").and_then(Value::as_array).into_iter().flatten() {
        let name = event.get("name").and_then(Value::as_str).unwrap_or_default();
        exchange.add_event(name, Value::Null, attributes(event.get("attributes")));
    }
    Some(exchange)
}

/// A span or log with the attributes of what it belongs to.
type Leaf<'a> = (Map<String, Value>, &'a Value);

/// All spans or logs of an export.
fn walk<'a>(export: &'a Value, outer: [&str; 2], middle: [&str; 2], inner: [&str; 2]) -> Vec<Leaf<'a>> {
    let mut leaves = Vec::new();
    for of_resource in items(export, outer) {
        let resource = attributes(of_resource.get("resource").and_then(|resource| resource.get("attributes")));
        for of_scope in items(of_resource, middle) {
            let mut above = resource.clone();
            above.extend(attributes(of_scope.get("scope").and_then(|scope| scope.get("attributes"))));
            leaves.extend(items(of_scope, inner).map(|leaf| (above.clone(), leaf)));
        }
    }
    leaves
}

fn items<'a>(value: &'a Value, keys: [&str; 2]) -> impl Iterator<Item = &'a Value> {
    keys.into_iter().find_map(|key| value.get(key)?.as_array()).into_iter().flatten()
}

/// A list of key and value as a map.
fn attributes(list: Option<&Value>) -> Map<String, Value> {
    let pairs = list.and_then(Value::as_array).into_iter().flatten();
    pairs.filter_map(|pair| Some((pair.get("key")?.as_str()?.to_owned(), plain(pair.get("value")?)))).collect()
}

/// OTLP's `AnyValue` as plain JSON.
fn plain(value: &Value) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let Some((kind, inner)) = object.iter().next() else { return Value::Null };
    match kind.as_str() {
        "intValue" | "int_value" => match inner.as_str().and_then(|text| text.parse::<i64>().ok()) {
            Some(number) => json!(number),
            None => inner.clone(),
        },
        "arrayValue" | "array_value" => inner
            .get("values")
            .and_then(Value::as_array)
            .map(|items| items.iter().map(plain).collect())
            .unwrap_or_default(),
        "kvlistValue" | "kvlist_value" => Value::Object(attributes(inner.get("values"))),
        kind if kind.ends_with("Value") || kind.ends_with("_value") => inner.clone(),
        _ => value.clone(),
    }
}

/// JSON inside a text, where it is such.
fn unpack(value: Value) -> Value {
    match &value {
        Value::String(text) if text.trim_start().starts_with(['[', '{']) => serde_json::from_str(text).unwrap_or(value),
        _ => value,
    }
}

fn turns(role: &str, value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) if items.iter().all(Value::is_object) => items,
        Value::Object(mut object) => match object.remove("messages") {
            Some(messages) => turns(role, messages),
            None => vec![Value::Object(object)],
        },
        other => vec![json!({"role": role, "content": other})],
    }
}

fn first(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().next().unwrap_or_default(),
        other => other,
    }
}

/// `0.role`, `0.message.content`: the number of the turn, and what of it.
fn keep(turns: &mut BTreeMap<u32, Map<String, Value>>, path: &str, value: Value) {
    let Some((number, field)) = path.split_once('.') else { return };
    let Ok(number) = number.parse() else { return };
    let field = field.strip_prefix("message.").unwrap_or(field);
    turns.entry(number).or_default().insert(field.to_owned(), unpack(value));
}

fn pick(value: &Value, keys: &[&str]) -> Value {
    let set = |value: &&Value| value.as_str() != Some("0") && value.as_i64() != Some(0);
    keys.iter().find_map(|key| value.get(*key).filter(set)).cloned().unwrap_or_default()
}

fn id(value: &Value, keys: [&str; 2]) -> String {
    keys.iter().find_map(|key| value.get(*key)?.as_str()).unwrap_or_default().to_owned()
}
