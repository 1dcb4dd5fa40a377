//! Explain: what becomes of an object on its way to a member: why can X see Y, and why not.
//! In: an object's id, a member, a profile. Out: each field's fate with rule and policy, and the exact bytes.
//! Invariant: asks the same code that releases; exit 1 when nothing would leave.
//! Not here: other objects (`diff.rs`).

use std::path::PathBuf;

use stillwatch_share::{Desk, Recipient};

use super::files::{Over, draft};
use crate::verbs::store::print;

/// Arguments of `policy explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch policy explain campaign--0c4f --to lab-one.example --profile profiles/conservative --over bundle.json
  stillwatch policy explain campaign--0c4f --to lab-one.example --profile DIR --field first_seen    why can they see it?

Exit codes: 0 it may leave (the field: the member can see it); 1 it is held; 2 failure.")]
pub(super) struct Args {
    /// The object's id, or the beginning of one
    object: String,
    /// The member that it would go to
    #[arg(long, value_name = "MEMBER")]
    to: String,
    /// One field, in place of all: why the member can see it, or can't
    #[arg(long, value_name = "PATH")]
    field: Option<String>,
    /// The profile's directory
    #[arg(long, value_name = "DIR", env = "STILLWATCH_PROFILE")]
    profile: PathBuf,
    #[command(flatten)]
    over: Over,
}

pub(super) fn run(args: &Args) -> Result<u8, String> {
    let draft = draft(&args.profile)?;
    let (set, scanners) = args.over.read()?;
    let recipient = Recipient { member: args.to.clone(), key: args.over.key()? };
    let found: Vec<&str> = set.ids().filter(|id| id.starts_with(&args.object)).collect();
    let id = match found.as_slice() {
        [id] => *id,
        [] => return Err(format!("error: there is no object `{}`\nhint: name a bundle with --over", args.object)),
        more => match more.iter().find(|id| **id == args.object) {
            Some(id) => id,
            None => return Err(format!("error: {} objects begin with `{}`", more.len(), args.object)),
        },
    };
    let told = match &args.field {
        Some(field) => stillwatch_share::why(&draft, &recipient, &scanners, &set, id, field),
        None => stillwatch_share::explain(&draft, &recipient, &scanners, &set, id),
    };
    let told = told.ok_or_else(|| format!("error: there is no object `{id}`"))?;
    print(&told)?;
    if args.field.is_some() {
        // The first line is the answer.
        return Ok(u8::from(!told.lines().next().is_some_and(|answer| answer.contains(" can see it "))));
    }
    let desk = Desk::new(&draft, recipient, &scanners);
    Ok(u8::from(desk.explain(&set, id).is_none_or(|(result, _)| result.is_err())))
}
