//! Keys: kept from others, never overwritten, never shown.
//! In: files. Out: keys, or why not.
//! Invariant: no error and no debug print holds the private key.
//! Not here: what is signed.

use stillwatch_ledger::{Error, Key, PublicKey};

use crate::fixture::{Done, NAME};

#[test]
fn a_key_goes_to_a_file_of_its_owners_and_back() -> Done {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("key");
    let key = Key::generate(NAME)?;
    key.write(&file)?;
    assert_eq!(Key::read(&file)?.public(), key.public());
    assert!(matches!(key.write(&file), Err(Error::Exists(_))));
    let line = std::fs::read_to_string(&file)?;
    let secret = line.trim().rsplit('+').next().ok_or("no secret")?;
    assert_eq!(format!("{key:?}"), "Key(lab.example/ledger)");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640))?;
        let error = Key::read(&file).err().ok_or("others may read it")?.to_string();
        assert!(error.contains("mode 640") && !error.contains(secret), "{error}");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
    }
    for broken in
        [line.replace("PRIVATE", "PUBLIC"), line.replace(NAME, "other"), line[..60].to_owned(), "x".repeat(5000)]
    {
        std::fs::write(&file, &broken)?;
        let error = Key::read(&file).err().ok_or("was read")?.to_string();
        assert!(!error.contains(secret), "{error}");
    }
    Ok(())
}

#[test]
fn public_keys_are_lines_of_two_kinds() -> Done {
    let key = Key::generate(NAME)?.public();
    assert_eq!(PublicKey::parse(&key.to_line())?, key);
    assert_eq!(PublicKey::parse(&key.to_witness_line())?, key);
    assert_ne!(key.to_line(), key.to_witness_line());
    for broken in [key.to_line().replace("lab", "lob"), "a+b".into(), String::new(), "a+00000000+AQ==".into()] {
        assert!(matches!(PublicKey::parse(&broken), Err(Error::Key(_))), "{broken}");
    }
    for name in ["", "a b", "a+b", "a\nb", &"x".repeat(300)] {
        assert!(matches!(Key::generate(name), Err(Error::Key(_))), "{name}");
    }
    Ok(())
}
