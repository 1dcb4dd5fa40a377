//! Sign and verify: who answers for a profile, and whether it would load.
//! In: a profile's directory, keys. Out: `profile.sig` in it; or why it does not load.
//! Invariant: a profile with errors is not signed; the signature appears whole or not at all.
//! Not here: the signature (`share`), which version was last in force (told by the caller).

use std::path::PathBuf;

use stillwatch_share::{Manifest, Profile, SIGNATURE, Trust, signing_key};

use super::files::{draft, files, public_keys, read};
use crate::verbs::store::{print, say};

/// Arguments of `policy sign`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stillwatch policy key signer.pem
  stillwatch policy sign profiles/conservative --signing-key signer.pem

Exit codes: 0 signed; 1 the profile has errors or cases that fail; 2 failure.")]
pub(super) struct SignArgs {
    /// The profile's directory
    profile: PathBuf,
    /// The private key: Ed25519, PKCS #8 PEM
    #[arg(long, value_name = "FILE", env = "STILLWATCH_SIGNING_KEY")]
    signing_key: PathBuf,
}

/// Arguments of `policy verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 it would load; 1 it would not; 2 failure.")]
pub(super) struct VerifyArgs {
    /// The profile's directory
    profile: PathBuf,
    /// Public keys that are trusted: files with PEM, or 64 hexadecimal digits
    #[arg(long = "key", value_name = "FILE|HEX", required = true)]
    keys: Vec<String>,
    /// The highest version that was in force here
    #[arg(long, value_name = "N")]
    last_seen: Option<u64>,
}

pub(super) fn sign(args: &SignArgs) -> Result<u8, String> {
    let draft = draft(&args.profile)?;
    let pem =
        String::from_utf8(read(&args.signing_key, 1 << 16)?).map_err(|_| "error: the key is no text".to_owned())?;
    let key = signing_key(&pem).map_err(|error| format!("error: {error}"))?;
    let errors: Vec<_> = stillwatch_share::check(&draft).into_iter().filter(|fault| !fault.warning).collect();
    let cases = stillwatch_share::test(&draft).map_err(|error| format!("error: {error}"))?;
    let failed = cases.iter().filter(|case| case.wrong.is_some()).count();
    if !errors.is_empty() || failed > 0 {
        say(&format!("not signed: {} errors, {failed} cases fail; see `policy check` and `policy test`", errors.len()));
        return Ok(1);
    }
    let (to, part) = (args.profile.join(SIGNATURE), args.profile.join(".profile.sig.part"));
    let bytes = stillwatch_share::sign(&draft, &key);
    let written = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, &to));
    written.map_err(|error| format!("error: cannot write `{}`: {error}", to.display()))?;
    let about = &draft.about;
    print(format!("signed {} version {}: {}\n", about.name, about.version, Manifest::of(&draft).digest()))?;
    Ok(0)
}

pub(super) fn verify(args: &VerifyArgs) -> Result<u8, String> {
    let keys = public_keys(&args.keys)?;
    let trust = Trust { keys: &keys, now: jiff::Timestamp::now(), last_seen: args.last_seen };
    match Profile::load(files(&args.profile)?, &trust) {
        Ok(profile) => {
            let about = &profile.draft().about;
            print(format!(
                "{} version {}, valid until {}: {}\n",
                about.name,
                about.version,
                about.valid_until,
                profile.digest()
            ))?;
            Ok(0)
        }
        Err(error) => {
            say(&format!("does not load: {error}"));
            Ok(1)
        }
    }
}
