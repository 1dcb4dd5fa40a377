//! Describe: the verbs and their flags, for the program that users call.
//! In: the command. Out: JSON: a list of verbs, each with what it is about and its flags.
//! Invariant: says what clap was told, so that there is one definition of each flag.
//! Not here: shell completions made from it (`stillwatch completions`).

use clap::{ArgAction, Command};
use serde_json::{Value, json};

use super::{Exit, Failure, output};

/// Prints the description.
///
/// # Errors
/// When stdout can't be written.
pub fn run(command: &Command) -> Result<Exit, Failure> {
    let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    let verbs: Vec<Value> = shown.map(|verb| described(verb, command)).collect();
    output::print(&format!("{}\n", Value::from(verbs)))?;
    Ok(Exit::Done)
}

fn described(verb: &Command, whole: &Command) -> Value {
    let global = whole.get_arguments().filter(|argument| argument.is_global_set());
    let flags: Vec<Value> = verb
        .get_arguments()
        .chain(global)
        .map(|argument| {
            let values = argument.get_possible_values();
            json!({
                "id": argument.get_id().as_str(), "long": argument.get_long(), "short": argument.get_short(),
                "help": argument.get_help().map(ToString::to_string), "takes": argument.get_action().takes_values(),
                "many": matches!(argument.get_action(), ArgAction::Append),
                "values": values.iter().map(|value| value.get_name()).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "name": verb.get_name(), "about": verb.get_about().map(ToString::to_string), "flags": flags })
}
