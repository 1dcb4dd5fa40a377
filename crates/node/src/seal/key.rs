//! Key: to whom is sealed, and who opens.
//! In: age's texts of keys, a file. Out: a public key that may be told; a secret one that is never printed.
//! Invariant: a secret key's file is its owner's alone; its text is wiped from memory when it was read or written.
//! Not here: sealing (`seal.rs`).

use std::fmt;
use std::io::{Read, Write};
use std::path::Path;
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::Fault;

/// Bytes of a key's file.
const LONGEST: u64 = 4_096;

/// A public key to which may be sealed: `age1…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(pub(super) age::x25519::Recipient);

impl FromStr for Recipient {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
        text.parse().map(Self).map_err(|why: &str| Fault::Key(format!("`{shown}` is no public key of age: {why}")))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A secret key, which opens what is sealed to its public half. age wipes it from memory.
pub struct Identity(pub(super) age::x25519::Identity);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

impl Identity {
    /// Makes one.
    #[must_use]
    pub fn make() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// Its public half.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.0.to_public())
    }

    /// Writes it to a new file that only its owner reads, in the form of `age-keygen`.
    ///
    /// # Errors
    /// When there is such a file, or it can't be written.
    pub fn write(&self, path: &Path) -> Result<(), Fault> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let secret = self.0.to_string();
        let text = Zeroizing::new(format!("# public key: {}\n{}\n", self.recipient(), secret.expose_secret()));
        let written = options.open(path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|e| Fault::Key(format!("cannot write the sealing key `{}`: {e}", path.display())))
    }

    /// Reads a file as [`Identity::write`] and `age-keygen` write it.
    ///
    /// # Errors
    /// When it can't be read, others may read it too, or there isn't one key in it.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let named =
            |why: &dyn fmt::Display| Fault::Key(format!("cannot read the sealing key `{}`: {why}", path.display()));
        let file = std::fs::File::open(path).map_err(|e| named(&e))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata().map_err(|e| named(&e))?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(named(&format!("others may read or write it (mode {:03o}); make it 600", mode & 0o777)));
            }
        }
        let mut text = Zeroizing::new(String::with_capacity(512));
        file.take(LONGEST).read_to_string(&mut text).map_err(|e| named(&e))?;
        let mut keys = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        match (keys.next(), keys.next()) {
            (Some(one), None) => one.parse().map(Self).map_err(|why: &str| named(&why)),
            _ => Err(named(&"one line of it should be a key of age, and all others begin with `#`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_in_files_of_their_owners() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("sealing.key");
        let made = Identity::make();
        made.write(&file)?;
        assert!(made.write(&file).is_err(), "what is there isn't overwritten");
        let again = Identity::read(&file)?;
        assert_eq!(again.recipient(), made.recipient());
        assert_eq!(made.recipient().to_string().parse::<Recipient>()?, made.recipient());
        assert_eq!(format!("{made:?}"), "Identity");
        assert!(std::fs::read_to_string(&file)?.starts_with("# public key: age1"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640))?;
            assert!(Identity::read(&file).is_err_and(|e| e.to_string().contains("600")));
        }
        for wrong in ["", "age1", "AGE-SECRET-KEY-1", "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"] {
            assert!(wrong.parse::<Recipient>().is_err(), "{wrong}");
        }
        Ok(())
    }
}
