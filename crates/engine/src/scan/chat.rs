//! Chat: finds the system prompt and the last user turn in a conversation.
//! In: a list of turns as OpenAI, Anthropic, Gemini or OpenTelemetry write them. Out: `Turns`.
//! Invariant: text is taken as it stands; what is not text (images, tool calls, tool results) is passed over.
//! Not here: which field of a log holds the conversation (`line.rs`, `sources/*.sql`).

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What detection wants of a conversation.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Turns<'a> {
    /// All system and developer turns, joined by line ends.
    pub(crate) system: Option<Cow<'a, str>>,
    /// The last user turn that has text.
    pub(crate) user: Option<Cow<'a, str>>,
    /// The text of the assistant's turns, in bytes.
    pub(crate) assistant_bytes: u64,
}

/// The text in a message's content: a string, a part, or a list of parts. `None` if there is no text in it.
#[derive(Debug, Default)]
pub(crate) struct Content<'a>(pub(crate) Option<Cow<'a, str>>);

/// Reads a conversation from its JSON text.
pub(crate) fn from_json(text: &str) -> Result<Turns<'_>, serde_json::Error> {
    serde_json::from_str(text)
}

impl<'a> Turns<'a> {
    /// Adds a turn.
    pub(crate) fn push(&mut self, role: Option<&str>, text: Option<Cow<'a, str>>) {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        match role {
            Some("system" | "developer") => self.system = Some(join(self.system.take(), text)),
            Some("user" | "human") => self.user = Some(text),
            Some("assistant" | "model" | "ai") => self.assistant_bytes += text.len() as u64,
            _ => {}
        }
    }
}

fn join<'a>(before: Option<Cow<'a, str>>, text: Cow<'a, str>) -> Cow<'a, str> {
    match before {
        None => text,
        Some(before) => Cow::Owned(format!("{before}\n{text}")),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Turns<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TurnsVisitor;
        impl<'de> Visitor<'de> for TurnsVisitor {
            type Value = Turns<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of messages")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Turns::default())
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                if text.trim_start().starts_with(['[', '{']) {
                    return from_json(text).map_err(E::custom);
                }
                Ok(Turns { user: Some(Cow::Borrowed(text)), ..Turns::default() })
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                if text.trim_start().starts_with(['[', '{']) {
                    let turns = from_json(text).map_err(E::custom)?;
                    return Ok(turns.into_owned());
                }
                Ok(Turns { user: Some(Cow::Owned(text.to_owned())), ..Turns::default() })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut turns: A) -> Result<Self::Value, A::Error> {
                let mut all = Turns::default();
                while let Some(turn) = turns.next_element::<Turn>()? {
                    all.push(turn.role.as_deref(), turn.text);
                }
                Ok(all)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Turns::default();
                let mut lone = Turn::default();
                while let Some(Text(key)) = map.next_key()? {
                    match key.as_deref() {
                        Some("messages" | "contents" | "input") => {
                            let inner: Turns = map.next_value()?;
                            all = Turns { system: inner.system.or(all.system), ..inner };
                        }
                        Some("system" | "instructions" | "systemInstruction" | "system_instruction") => {
                            let system: Content = map.next_value()?;
                            all.system = match (system.0, all.system) {
                                (Some(first), Some(then)) => Some(join(Some(first), then)),
                                (first, then) => first.or(then),
                            };
                        }
                        Some("prompt") => all.user = map.next_value::<Content>()?.0.or(all.user),
                        Some(key) => lone.field(key, &mut map)?,
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                if lone.role.is_some() {
                    all.push(lone.role.as_deref(), lone.text);
                }
                Ok(all)
            }
        }
        deserializer.deserialize_any(TurnsVisitor)
    }
}

impl Turns<'_> {
    fn into_owned<'b>(self) -> Turns<'b> {
        let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Turns { system: own(self.system), user: own(self.user), assistant_bytes: self.assistant_bytes }
    }
}

/// One message.
#[derive(Default)]
struct Turn<'a> {
    role: Option<Cow<'a, str>>,
    text: Option<Cow<'a, str>>,
}

impl<'de> Turn<'de> {
    fn field<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "role" => self.role = map.next_value::<Text>()?.0,
            "content" | "parts" => self.text = map.next_value::<Content>()?.0.or(self.text.take()),
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Turn<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TurnVisitor;
        impl<'de> Visitor<'de> for TurnVisitor {
            type Value = Turn<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message with `role` and `content`")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Turn { role: Some("user".into()), text: Some(text.into()) })
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Turn { role: Some("user".into()), text: Some(text.to_owned().into()) })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut turn = Turn::default();
                while let Some(Text(key)) = map.next_key()? {
                    turn.field(key.as_deref().unwrap_or_default(), &mut map)?;
                }
                Ok(turn)
            }
        }
        deserializer.deserialize_any(TurnVisitor)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;
        impl<'de> Visitor<'de> for ContentVisitor {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text or a list of parts")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Content(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Content(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Content(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Content(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Content(None))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Content(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let mut all = None;
                while let Some(Content(part)) = parts.next_element()? {
                    if let Some(text) = part.filter(|text| !text.is_empty()) {
                        all = Some(join(all, text));
                    }
                }
                Ok(Content(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let (mut kind, mut text, mut inner) = (None, None, None);
                while let Some(Text(key)) = map.next_key()? {
                    match key.as_deref() {
                        Some("type") => kind = map.next_value::<Text>()?.0,
                        Some("text") => text = map.next_value::<Content>()?.0,
                        Some("content" | "parts" | "value") => inner = map.next_value::<Content>()?.0,
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let is_text = matches!(kind.as_deref(), None | Some("text" | "input_text" | "output_text" | "message"));
                Ok(Content(if is_text { text.or(inner) } else { None }))
            }
        }
        deserializer.deserialize_any(ContentVisitor)
    }
}

/// A text, borrowed where it can be; anything else is nothing.
#[derive(Default)]
pub(crate) struct Text<'a>(pub(crate) Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Text(None))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> (Option<String>, Option<String>) {
        let turns = from_json(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        (turns.system.map(Cow::into_owned), turns.user.map(Cow::into_owned))
    }

    fn pair(system: &str, user: &str) -> (Option<String>, Option<String>) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (some(system), some(user))
    }

    #[test]
    fn the_last_user_turn_wins_and_system_turns_are_joined() {
        let json = r#"[{"role":"system","content":"Be brief."},{"role":"user","content":"One?"},
            {"role":"assistant","content":"1"},{"content":"Two \"2\"?","role":"user"},{"role":"developer","content":"Always."}]"#;
        assert_eq!(of(json), pair("Be brief.\nAlways.", "Two \"2\"?"));
    }

    #[test]
    fn parts_are_read_in_every_dialect() {
        for json in [
            r#"[{"role":"user","content":[{"type":"text","text":"Hi"},{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"you"}]}]"#,
            r#"[{"role":"user","parts":[{"type":"text","content":"Hi"},{"type":"tool_call","content":"no"},{"content":"you","type":"text"}]}]"#,
            r#"{"contents":[{"role":"user","parts":[{"text":"Hi"},{"inlineData":{"data":"AA"}},{"text":"you"}]}]}"#,
            r#"{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Hi\nyou"}]}]}"#,
            r#""[{\"role\":\"user\",\"content\":\"Hi\\nyou\"}]""#,
            r#"{"role":"user","content":"Hi\nyou"}"#,
        ] {
            assert_eq!(of(json), pair("", "Hi\nyou"), "{json}");
        }
    }

    #[test]
    fn a_tool_result_is_not_a_user_turn() {
        let json = r#"{"system":[{"type":"text","text":"Agent."}],"messages":[{"role":"user","content":"Fix it"},
            {"role":"assistant","content":[{"type":"tool_use","name":"ls","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","content":"a.rs"}]}]}"#;
        assert_eq!(of(json), pair("Agent.", "Fix it"));
    }

    #[test]
    fn what_is_no_conversation_is_an_error_or_nothing() {
        assert!(from_json("[1]").is_err());
        assert!(from_json("{").is_err());
        assert_eq!(of("null"), pair("", ""));
        assert_eq!(of("[]"), pair("", ""));
    }
}
