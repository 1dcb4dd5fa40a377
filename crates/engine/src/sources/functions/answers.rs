//! Answers: what a response body says besides its fields.
//! In: the JSON text of a response (OpenAI chat, responses and completions, Anthropic, Gemini, OpenTelemetry), or its event stream.
//! Out: the length of its text, whether it is a refusal, the opaque reasoning tokens in it.
//! Not here: usage and reasons, which are plain fields.

use datafusion::logical_expr::ScalarUDF;
use serde_json::{Map, Value, json};

use super::{
    by_row::{Compute, by_row},
    values::hash,
};

/// `answer_bytes(response)`: the length of the text that was answered; null if there is no answer.
pub(crate) fn answer_bytes() -> ScalarUDF {
    by_row(
        "answer_bytes",
        Compute::Integer(|row| {
            let text = row.first().copied()??;
            match parse(text) {
                Some(answer) => text_bytes(&answer).map(|bytes| bytes as i64),
                None => Some(text.len() as i64),
            }
        }),
    )
}

/// `answer_refused(response)`: whether the model or a safeguard refused; null if there is no answer.
pub(crate) fn answer_refused() -> ScalarUDF {
    by_row("answer_refused", Compute::Flag(|row| Some(refused(&parse(row.first().copied()??)?))))
}

/// `reasoning_refs(json)`: hashes of all opaque reasoning tokens in a request or response, in order.
pub(crate) fn reasoning_refs() -> ScalarUDF {
    by_row(
        "reasoning_refs",
        Compute::List(|row| {
            let text = row.first().copied()??;
            let may_have = ["signature", "redacted_thinking", "encrypted_content", "Signature"]
                .iter()
                .any(|key| text.contains(key));
            let mut found = Vec::new();
            if may_have {
                collect(&parse(text)?, &mut found);
            }
            Some(found)
        }),
    )
}

/// `whole_answer(body)`: a response body as it stands, or, if it is an event stream, the response that the events add up to.
pub(crate) fn whole_answer() -> ScalarUDF {
    by_row(
        "whole_answer",
        Compute::Text(|row| {
            let body = row.first().copied()??;
            let is_stream = body.starts_with("data:") || body.starts_with("event:");
            Some(if is_stream { assemble(body).to_string() } else { body.to_owned() })
        }),
    )
}

/// `batch_requests(json)`: the requests in a record of a batch's input, which holds one or a list of them.
pub(crate) fn batch_requests() -> ScalarUDF {
    by_row(
        "batch_requests",
        Compute::List(|row| {
            let text = row.first().copied()??;
            match serde_json::from_str(text).ok()? {
                Value::Object(mut object) => match object.remove("requests") {
                    Some(Value::Array(requests)) => Some(requests.iter().map(Value::to_string).collect()),
                    _ if object.contains_key("params") => Some(vec![text.to_owned()]),
                    _ => None,
                },
                _ => None,
            }
        }),
    )
}

fn parse(text: &str) -> Option<Value> {
    let is_json = text.trim_start().starts_with(['{', '[', '"']);
    if is_json { serde_json::from_str(text).ok() } else { None }
}

/// The length of the text in an answer; `None` if nothing in it is one.
pub(super) fn text_bytes(answer: &Value) -> Option<u64> {
    match answer {
        Value::String(text) => Some(text.len() as u64),
        Value::Array(items) => items.iter().filter_map(text_bytes).reduce(|a, b| a + b).or(Some(0)),
        Value::Object(object) => of_object(object),
        _ => None,
    }
}

fn of_object(object: &Map<String, Value>) -> Option<u64> {
    let is_text = match object.get("type").and_then(Value::as_str) {
        None | Some("text" | "output_text" | "message" | "chat.completion" | "completion" | "response") => true,
        Some(_) => false,
    };
    if !is_text {
        return Some(0);
    }
    ["choices", "output", "candidates", "message", "content", "parts", "text", "completion", "delta"]
        .iter()
        .find_map(|key| text_bytes(object.get(*key)?))
}

fn refused(answer: &Value) -> bool {
    match answer {
        Value::Array(items) => items.iter().any(refused),
        Value::Object(object) => {
            let says = |key: &str, words: &[&str]| {
                object.get(key).and_then(Value::as_str).is_some_and(|text| words.contains(&text))
            };
            says("finish_reason", &["content_filter", "refusal"])
                || says("stop_reason", &["refusal", "content_filtered", "guardrail_intervened"])
                || says("finishReason", &["SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST"])
                || says("type", &["refusal"])
                || object.get("refusal").and_then(Value::as_str).is_some_and(|text| !text.is_empty())
                || ["choices", "output", "candidates", "message", "content"]
                    .iter()
                    .filter_map(|key| object.get(*key))
                    .any(refused)
        }
        _ => false,
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(object) => {
            let kind = object.get("type").and_then(Value::as_str).unwrap_or_default();
            for (key, value) in object {
                match value {
                    Value::String(text) if is_opaque(key, kind) && !text.is_empty() => found.push(hash(text)),
                    // A body inside a body, as text.
                    Value::String(_) => {}
                    other => collect(other, found),
                }
            }
        }
        _ => {}
    }
}

fn is_opaque(key: &str, kind: &str) -> bool {
    match key {
        "encrypted_content" | "thoughtSignature" | "thought_signature" => true,
        "signature" => kind.is_empty() || kind.contains("thinking") || kind.contains("reasoning"),
        "data" => kind == "redacted_thinking" || kind == "reasoning.encrypted",
        _ => false,
    }
}

/// Adds up the events of a streamed response.
fn assemble(stream: &str) -> Value {
    let (mut text, mut blocks, mut about) = (String::new(), Vec::new(), Map::new());
    let mut usage = Map::new();
    for event in stream.lines().filter_map(|line| line.strip_prefix("data:")) {
        let Ok(Value::Object(event)) = serde_json::from_str(event.trim()) else { continue };
        if event.get("type").and_then(Value::as_str) == Some("response.completed") {
            return event.get("response").cloned().unwrap_or_default();
        }
        let message = event.get("message").and_then(Value::as_object);
        for part in [Some(&event), message, event.get("delta").and_then(Value::as_object)].into_iter().flatten() {
            for key in ["model", "created", "stop_reason"] {
                if let Some(value) = part.get(key).filter(|value| !value.is_null()) {
                    about.insert(key.to_owned(), value.clone());
                }
            }
            if let Some(Value::Object(counts)) = part.get("usage") {
                usage.extend(counts.clone());
            }
        }
        if let Some(block) = event
            .get("content_block")
            .filter(|block| block.get("type").and_then(Value::as_str) == Some("redacted_thinking"))
        {
            blocks.push(block.clone());
        }
        let choice = event.get("choices").and_then(|choices| choices.get(0));
        if let Some(reason) = choice.and_then(|choice| choice.get("finish_reason")).filter(|reason| !reason.is_null()) {
            about.insert("finish_reason".to_owned(), reason.clone());
        }
        let delta = choice.and_then(|choice| choice.get("delta")).or_else(|| event.get("delta"));
        let of_delta = |key: &str| delta.and_then(|delta| delta.get(key)).and_then(Value::as_str);
        text.push_str(of_delta("content").or_else(|| of_delta("text")).unwrap_or_default());
        if let Some(signature) = of_delta("signature") {
            blocks.push(json!({"type": "thinking", "signature": signature}));
        }
    }
    let finish = about.remove("finish_reason");
    blocks.push(json!({"type": "text", "text": text}));
    about.insert("usage".to_owned(), Value::Object(usage));
    let message = json!({"role": "assistant", "content": blocks});
    match finish {
        Some(reason) => about.insert("choices".to_owned(), json!([{"finish_reason": reason, "message": message}])),
        None => about.insert("content".to_owned(), message["content"].clone()),
    };
    Value::Object(about)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Value {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_text_of_an_answer_is_found_in_every_dialect() {
        for answer in [
            r#"{"choices":[{"finish_reason":"stop","message":{"content":"Hello"}}]}"#,
            r#"{"choices":[{"text":"Hello"}]}"#,
            r#"{"object":"response","output":[{"type":"reasoning","encrypted_content":"x"},{"type":"message","content":[{"type":"output_text","text":"Hello"}]}]}"#,
            r#"{"type":"message","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"Hello"}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"Hello"}]}}]}"#,
            r#"[{"role":"assistant","parts":[{"type":"text","content":"Hello"},{"type":"tool_call","name":"ls"}]}]"#,
            r#""Hello""#,
        ] {
            assert_eq!(text_bytes(&of(answer)), Some(5), "{answer}");
        }
        assert_eq!(text_bytes(&of(r#"{"error":{"message":"no"}}"#)), None);
    }

    #[test]
    fn a_refusal_is_seen_wherever_it_stands() {
        for answer in [
            r#"{"choices":[{"finish_reason":"content_filter","message":{}}]}"#,
            r#"{"choices":[{"finish_reason":"stop","message":{"refusal":"I cannot."}}]}"#,
            r#"{"type":"message","stop_reason":"refusal","content":[]}"#,
            r#"{"output":[{"type":"message","content":[{"type":"refusal","refusal":"No."}]}]}"#,
        ] {
            assert!(refused(&of(answer)), "{answer}");
        }
        assert!(!refused(&of(r#"{"choices":[{"finish_reason":"stop","message":{"content":"Hi","refusal":null}}]}"#)));
    }

    #[test]
    fn opaque_reasoning_is_hashed_and_nothing_else() {
        let mut found = Vec::new();
        collect(
            &of(
                r#"{"messages":[{"content":[{"type":"thinking","thinking":"t","signature":"s1"},{"type":"redacted_thinking","data":"d1"},
                {"type":"image","source":{"data":"no"}},{"type":"tool_use","input":{"signature":""}}]}],"output":[{"type":"reasoning","encrypted_content":"e1"}]}"#,
            ),
            &mut found,
        );
        assert_eq!(found, [hash("s1"), hash("d1"), hash("e1")]);
    }

    #[test]
    fn an_event_stream_adds_up_to_its_response() {
        let chat = "data: {\"model\":\"m\",\"created\":5,\"choices\":[{\"delta\":{\"content\":\"Hel\"},\"finish_reason\":null}]}\n\n\
            data: {\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}],\"usage\":{\"completion_tokens\":2}}\n\ndata: [DONE]\n";
        let whole = assemble(chat);
        assert_eq!(
            (text_bytes(&whole), &whole["usage"]["completion_tokens"], &whole["created"]),
            (Some(5), &json!(2), &json!(5))
        );
        let messages = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n\
            event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"signature_delta\",\"signature\":\"s1\"}}\n\n\
            data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n\
            data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n";
        let whole = assemble(messages);
        assert_eq!(text_bytes(&whole), Some(5));
        assert_eq!((&whole["usage"]["input_tokens"], &whole["usage"]["output_tokens"]), (&json!(3), &json!(9)));
        assert_eq!(whole["stop_reason"], json!("end_turn"));
        let mut found = Vec::new();
        collect(&whole, &mut found);
        assert_eq!(found, [hash("s1")]);
    }
}
