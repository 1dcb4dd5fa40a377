//! Policy: profiles that say what may leave: checked, tested, explained, compared, signed.
//! In: profiles' directories, objects. Out: faults, explanations, differences, signatures.
//! Invariant: nothing leaves by any of these verbs; what is shown is what would leave.
//! Not here: the decisions (`share`), approvals and the ledger.

mod adopt;
mod check;
mod diff;
mod explain;
pub(crate) mod files;
mod key;
mod sign;

use clap::Subcommand;

/// Arguments of `policy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch policy check profiles/conservative                        schema, types, rules that never matter
  stillwatch policy test profiles/conservative                         the cases that travel with the profile
  stillwatch policy explain ID --to lab-one.example --profile DIR      what becomes of each field, and the bytes
  stillwatch policy diff OLD NEW --over bundle.json                    the guidance changed: what now?
  stillwatch policy key signer.pem                                     make a pair of keys for signing
  stillwatch policy sign DIR --signing-key signer.pem                  answer for it
  stillwatch policy verify DIR --key key.pub                           whether it would load
  stillwatch policy adopt DIR --key key.pub --ledger record            put it in force

Profiles that come with Stillwatch are in `profiles/`; docs/policy/README.md tells what one consists of.")]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check profiles: files, schema, types, rules and policies that never matter
    Check(check::CheckArgs),
    /// Run the cases that travel with profiles
    Test(check::TestArgs),
    /// Tell what becomes of each field of an object, by which rule, and the exact bytes that would leave
    Explain(explain::Args),
    /// Tell what another profile would let leave, and what no more
    Diff(diff::Args),
    /// Make a pair of keys for signing profiles
    Key(key::Args),
    /// Sign a profile: only a signed one is ever in force
    Sign(sign::SignArgs),
    /// Put a signed profile in force: releases are proposed and approved under it
    Adopt(adopt::AdoptArgs),
    /// List profiles that are or were in force
    List(adopt::ListArgs),
    /// Tell whether a profile would load: signed, unaltered, valid now, not rolled back
    Verify(sign::VerifyArgs),
}

pub(crate) fn run(args: &Args) -> Result<u8, String> {
    match &args.verb {
        Verb::Check(args) => check::check(args),
        Verb::Test(args) => check::test(args),
        Verb::Explain(args) => explain::run(args),
        Verb::Diff(args) => diff::run(args),
        Verb::Key(args) => key::run(args),
        Verb::Sign(args) => sign::sign(args),
        Verb::Adopt(args) => adopt::adopt(args),
        Verb::List(args) => adopt::list(args),
        Verb::Verify(args) => sign::verify(args),
    }
}
