//! Conversation: the system prompt and the last user turn of a conversation column.
//! In: JSON text, or a list of structs with `role` and `content` as Parquet holds it. Out: text.
//! Invariant: both ways of holding a conversation give the same.
//! Not here: reading the JSON (`scan/chat.rs`).

use std::{borrow::Cow, sync::Arc};

use datafusion::{
    arrow::{
        array::{Array, ArrayRef, StringViewBuilder, StructArray, cast::AsArray},
        compute::cast,
        datatypes::{DataType, Field, Fields},
    },
    error::Result,
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
};

use crate::scan::chat::{self, Turns};

/// `chat_system(messages)`: all system and developer turns.
pub(crate) fn chat_system() -> ScalarUDF {
    ScalarUDF::new_from_impl(Conversation { which: Which::System, signature: signature() })
}

/// `chat_last_user(messages)`: the last user turn that has text.
pub(crate) fn chat_last_user() -> ScalarUDF {
    ScalarUDF::new_from_impl(Conversation { which: Which::LastUser, signature: signature() })
}

/// Both at once, as a struct of `system` and `user`.
pub(crate) fn chat() -> ScalarUDF {
    ScalarUDF::new_from_impl(Chat { signature: signature() })
}

fn signature() -> Signature {
    Signature::any(1, Volatility::Immutable)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Which {
    System,
    LastUser,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Conversation {
    which: Which,
    signature: Signature,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Chat {
    signature: Signature,
}

impl ScalarUDFImpl for Conversation {
    fn name(&self) -> &str {
        match self.which {
            Which::System => "chat_system",
            Which::LastUser => "chat_last_user",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut builder = StringViewBuilder::with_capacity(args.number_rows);
        each(&args, |turns| {
            builder.append_option(match self.which {
                Which::System => turns.system,
                Which::LastUser => turns.user,
            });
        })?;
        Ok(ColumnarValue::Array(Arc::new(builder.finish())))
    }
}

impl ScalarUDFImpl for Chat {
    fn name(&self) -> &str {
        "chat"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Struct(halves()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (mut systems, mut users) = (StringViewBuilder::new(), StringViewBuilder::new());
        each(&args, |turns| {
            systems.append_option(turns.system);
            users.append_option(turns.user);
        })?;
        let columns: Vec<ArrayRef> = vec![Arc::new(systems.finish()), Arc::new(users.finish())];
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new(halves(), columns, None)?)))
    }
}

fn halves() -> Fields {
    ["system", "user"].into_iter().map(|name| Field::new(name, DataType::Utf8View, true)).collect()
}

/// Reads every row's conversation.
fn each(args: &ScalarFunctionArgs, mut take: impl FnMut(Turns)) -> Result<()> {
    let arrays = ColumnarValue::values_to_arrays(&args.args)?;
    let Some(array) = arrays.first() else { return Ok(()) };
    match array.data_type() {
        DataType::List(item) | DataType::LargeList(item) => {
            let list = cast(array, &DataType::List(listed(item)))?;
            let list = list.as_list::<i32>();
            for row in 0..list.len() {
                take(if list.is_valid(row) { turns(&list.value(row)) } else { Turns::default() });
            }
        }
        _ => {
            let texts = cast(array, &DataType::Utf8View)?;
            texts.as_string_view().iter().for_each(|text| take(text.map(of_text).unwrap_or_default()));
        }
    }
    Ok(())
}

/// A conversation in JSON, or a plain text, which is what the user said.
fn of_text(text: &str) -> Turns<'_> {
    let is_json = text.trim_start().starts_with(['[', '{', '"']);
    let plain = || Turns { user: Some(Cow::Borrowed(text)), ..Turns::default() };
    if is_json { chat::from_json(text).unwrap_or_default() } else { plain() }
}

fn listed(item: &Arc<Field>) -> Arc<Field> {
    Arc::new(Field::new_list_field(item.data_type().clone(), true))
}

fn turns(messages: &ArrayRef) -> Turns<'static> {
    let mut all = Turns::default();
    if let Some(messages) = messages.as_struct_opt() {
        for row in 0..messages.len() {
            let role = field(messages, "role").and_then(|roles| content(roles, row));
            let said = ["content", "parts"].iter().find_map(|name| content(field(messages, name)?, row));
            all.push(role.as_deref(), said.map(Cow::Owned));
        }
    } else {
        // A list of JSON texts, or of plain user turns.
        for row in 0..messages.len() {
            let Some(text) = content(messages, row) else { continue };
            match chat::from_json(&text) {
                Ok(turns) => {
                    all.push(Some("system"), turns.system.map(|text| Cow::Owned(text.into_owned())));
                    all.push(Some("user"), turns.user.map(|text| Cow::Owned(text.into_owned())));
                }
                Err(_) => all.push(Some("user"), Some(Cow::Owned(text))),
            }
        }
    }
    all
}

fn field<'a>(messages: &'a StructArray, name: &str) -> Option<&'a ArrayRef> {
    messages.column_by_name(name)
}

/// The text in a content, which is a text or a list of parts.
fn content(array: &ArrayRef, row: usize) -> Option<String> {
    if array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::Utf8 => Some(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Some(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Some(array.as_string_view().value(row).to_owned()),
        DataType::Dictionary(_, value) => content(&cast(array, value).ok()?, row),
        DataType::List(_) => join(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => join(&array.as_list::<i64>().value(row)),
        DataType::Struct(_) => {
            let part = array.as_struct();
            let kind = part.column_by_name("type").and_then(|kinds| content(kinds, row));
            let is_text = matches!(kind.as_deref(), None | Some("text" | "input_text" | "output_text"));
            let text = ["text", "content"].iter().find_map(|name| content(part.column_by_name(name)?, row));
            text.filter(|_| is_text)
        }
        _ => None,
    }
}

fn join(parts: &ArrayRef) -> Option<String> {
    let texts: Vec<String> = (0..parts.len()).filter_map(|row| content(parts, row)).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}
