//! Functions: what the sources' SQL needs and SQL has not.
//! In: texts, mostly the JSON text of a record or of a part of it. Out: values of native columns.
//! Invariant: pure; a value that cannot be read is null, never an error.
//! Not here: getting a field out of a record (`json_get_*` and `json_as_text` of datafusion-functions-json).

mod answers;
mod by_row;
mod conversation;
mod fields;
mod otlp;
mod values;

use datafusion::{common::Result, execution::FunctionRegistry, logical_expr::ScalarUDF, prelude::SessionContext};

pub(crate) use conversation::{chat, chat_last_user, chat_system};
pub(crate) use fields::{Step, json_fields};
pub(crate) use values::{any_time, text_list};

/// Makes all functions known to a session.
pub fn register(ctx: &SessionContext) -> Result<()> {
    let state = ctx.state_ref();
    let mut state = state.write();
    // With this rule, DataFusion 55.2 fails to plan a join over JSON functions ("ambiguous" extracted fields).
    state.config_mut().options_mut().optimizer.enable_leaf_expression_pushdown = false;
    if state.udf("json_as_text").is_err() {
        datafusion_functions_json::register_all(&mut *state)?;
    }
    for function in all() {
        state.register_udf(std::sync::Arc::new(function))?;
    }
    Ok(())
}

/// All functions of ours.
fn all() -> Vec<ScalarUDF> {
    vec![
        any_time(),
        values::file_time(),
        text_list(),
        values::strip_port(),
        values::first_forwarded(),
        values::header(),
        values::tag(),
        values::short_hash(),
        chat_system(),
        chat_last_user(),
        answers::answer_bytes(),
        answers::answer_refused(),
        answers::reasoning_refs(),
        answers::whole_answer(),
        answers::batch_requests(),
        otlp::otlp_records(),
        otlp::otlp_merge(),
    ]
}
