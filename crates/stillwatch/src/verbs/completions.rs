//! Completions: what a shell needs to complete verbs and flags, those of the engine too.
//! In: the shell, our own command, what the engine says of its verbs. Out: a script on stdout.
//! Invariant: no flag is written down twice: the engine's are asked of the engine.
//! Not here: what the flags mean.

use clap::{Arg, ArgAction, Args as ClapArgs, Command, ValueHint};
use clap_complete::Shell;
use serde::Deserialize;

use crate::engine;

/// Arguments of `completions`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  stillwatch completions bash > /etc/bash_completion.d/stillwatch
  stillwatch completions zsh > ~/.zfunc/_stillwatch
  stillwatch completions fish > ~/.config/fish/completions/stillwatch.fish")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

/// A verb of the engine.
#[derive(Deserialize)]
struct Verb {
    name: String,
    about: Option<String>,
    flags: Vec<Flag>,
}

/// A flag, or a positional argument where neither `long` nor `short` is there.
#[derive(Deserialize)]
struct Flag {
    id: String,
    long: Option<String>,
    short: Option<char>,
    help: Option<String>,
    takes: bool,
    many: bool,
    values: Vec<String>,
}

/// Runs the verb.
pub(crate) fn run(args: &Args, command: Command) -> Result<u8, String> {
    let said = engine::output(&mut engine::command("describe"))?;
    let verbs: Vec<Verb> = serde_json::from_slice(&said).map_err(|error| {
        format!(
            "error: cannot read what the engine says of its verbs: {error}\nhint: build both programs from one version"
        )
    })?;
    let mut command = verbs.into_iter().fold(command, |command, verb| {
        let name = verb.name.clone();
        command.mut_subcommand(name, |_| described(verb))
    });
    clap_complete::generate(args.shell, &mut command, "stillwatch", &mut std::io::stdout());
    Ok(0)
}

fn described(verb: Verb) -> Command {
    let command = Command::new(verb.name).about(verb.about.unwrap_or_default());
    verb.flags.into_iter().fold(command, |command, flag| command.arg(argument(flag)))
}

fn argument(flag: Flag) -> Arg {
    let action = match (flag.takes, flag.many) {
        (false, _) => ArgAction::SetTrue,
        (true, false) => ArgAction::Set,
        (true, true) => ArgAction::Append,
    };
    let is_positional = flag.long.is_none() && flag.short.is_none();
    let mut argument = Arg::new(flag.id).help(flag.help.unwrap_or_default()).action(action).required(is_positional);
    if flag.takes && flag.values.is_empty() {
        argument = argument.value_hint(ValueHint::AnyPath);
    } else if flag.takes {
        argument = argument.value_parser(flag.values);
    }
    argument
        .long(flag.long.map_or(clap::builder::Resettable::Reset, |long| clap::builder::Str::from(long).into()))
        .short(flag.short)
}
