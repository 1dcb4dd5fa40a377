//! An unsigned, altered, early, expired or rolled-back profile does not load.
//! In: the conservative profile, broken in each way. Out: passes or fails.
//! Invariant: each way is told from the others.
//! Not here: what a loaded profile decides.

use ed25519_dalek::SigningKey;
use stillwatch_share::{Draft, PolicyError, Profile, SIGNATURE, Trust, public_key, sign};

use crate::fixture::{Done, NOW, files, key, signed};

fn load(files: stillwatch_share::Files, now: &str, last_seen: Option<u64>) -> Result<Profile, PolicyError> {
    let now = now.parse().unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Profile::load(files, &Trust { keys: &[key().verifying_key()], now, last_seen })
}

#[test]
fn a_signed_profile_loads() -> Done {
    let profile = load(signed(files("conservative")?)?, NOW, Some(1))?;
    assert_eq!((profile.signer(), profile.digest().len()), (&key().verifying_key(), 64));
    Ok(())
}

#[test]
fn what_was_not_signed_by_somebody_trusted_does_not_load() -> Done {
    assert!(matches!(load(files("conservative")?, NOW, None), Err(PolicyError::Unsigned(_))));
    let mut strange = files("conservative")?;
    let signature = sign(&Draft::read(strange.clone())?, &SigningKey::from_bytes(&[8; 32]));
    strange.insert(SIGNATURE.to_owned(), signature);
    assert!(matches!(load(strange, NOW, None), Err(PolicyError::Untrusted(_))));
    Ok(())
}

#[test]
fn one_byte_altered_in_any_file_does_not_load() -> Done {
    let whole = signed(files("conservative")?)?;
    for name in whole.keys() {
        let mut altered = whole.clone();
        if let Some(bytes) = altered.get_mut(name) {
            // White space behind the end changes nothing but the bytes.
            bytes.push(b'\n');
            if name == SIGNATURE {
                bytes.splice(60..61, *b"_");
            }
        }
        let error = load(altered, NOW, None).err();
        assert!(matches!(error, Some(PolicyError::Altered { .. } | PolicyError::Untrusted(_))), "{name}: {error:?}");
    }
    let (mut more, mut less) = (whole.clone(), whole);
    more.insert("more.txt".to_owned(), Vec::new());
    less.remove("cases.toml");
    assert!(matches!(load(more, NOW, None), Err(PolicyError::Altered { .. })));
    assert!(matches!(load(less, NOW, None), Err(PolicyError::Altered { .. })));
    Ok(())
}

#[test]
fn early_expired_and_rolled_back_ones_do_not_load() -> Done {
    let whole = signed(files("conservative")?)?;
    assert!(matches!(load(whole.clone(), "2026-10-31T23:59:59Z", None), Err(PolicyError::NotYet { .. })));
    assert!(matches!(load(whole.clone(), "2027-11-01T00:00:00Z", None), Err(PolicyError::Expired { .. })));
    assert!(load(whole.clone(), "2027-10-31T23:59:59Z", None).is_ok());
    assert!(matches!(load(whole, NOW, Some(2)), Err(PolicyError::RolledBack { version: 1, seen: 2, .. })));
    Ok(())
}

#[test]
fn keys_are_read_and_what_is_none_is_refused() {
    let text = hex::encode(key().verifying_key().as_bytes());
    assert_eq!(public_key(&text).ok(), Some(key().verifying_key()));
    assert!(public_key("00").is_err() && public_key("-----BEGIN PUBLIC KEY-----").is_err());
}
