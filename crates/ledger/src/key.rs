//! Key: who signs, and who is believed.
//! In: a name, or a line of a file. Out: Ed25519 keys in the format of C2SP signed-note, "Verifier keys".
//! Invariant: a private key's file is 0600 and never overwritten; the key is wiped from memory and never printed.
//! Not here: what is signed (`checkpoint.rs`, `cosignature.rs`).

use std::fmt;
use std::io::{Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Signature types (C2SP signed-note, "Signature types"): Ed25519, and timestamped cosignatures.
const ED25519: u8 = 0x01;
pub(crate) const COSIGNATURE: u8 = 0x04;
/// Most bytes of a key's name or of a key's file.
const MAX_NAME: usize = 200;
const MAX_FILE: u64 = 1024;

/// A private key and its name. A ledger's key has the ledger's origin as its name.
pub struct Key {
    pub(crate) name: String,
    pub(crate) signing: SigningKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.name)
    }
}

impl Key {
    /// Makes a key from the system's randomness. A name is a URL without its scheme, such as `lab.example/ledger`.
    ///
    /// # Errors
    /// [`Error::Key`] where the name is empty, long, or has spaces, control characters or a `+`.
    pub fn generate(name: &str) -> Result<Self> {
        name_is_valid(name)?;
        Ok(Self { name: name.to_owned(), signing: SigningKey::generate(&mut rand_core::OsRng) })
    }

    /// Writes it to a new file that only its owner may read.
    ///
    /// # Errors
    /// [`Error::Exists`] where there is a file; [`Error::Io`].
    pub fn write(&self, file: &Path) -> Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(file).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Error::Exists(file.to_owned()),
            _ => Error::io("write", file)(error),
        })?;
        let mut bytes = Zeroizing::new([ED25519; 33]);
        bytes[1..].copy_from_slice(self.signing.as_bytes());
        let base64 = Zeroizing::new(STANDARD.encode(*bytes));
        let id = self.public().id(ED25519);
        let line = Zeroizing::new(format!("PRIVATE+KEY+{}+{id:08x}+{}\n", self.name, *base64));
        out.write_all(line.as_bytes()).and_then(|()| out.sync_all()).map_err(Error::io("write", file))
    }

    /// Reads a key's file.
    ///
    /// # Errors
    /// [`Error::Key`] where others may read the file or it holds no key; [`Error::Io`].
    pub fn read(file: &Path) -> Result<Self> {
        let mut input = std::fs::File::open(file).map_err(Error::io("read", file))?;
        #[cfg(unix)]
        {
            let mode = input.metadata().map_err(Error::io("read", file))?;
            let mode = std::os::unix::fs::PermissionsExt::mode(&mode.permissions());
            if mode & 0o077 != 0 {
                let say = format!("others may read `{}` (mode {:03o})", file.display(), mode & 0o777);
                return Err(Error::Key(say));
            }
        }
        let mut text = Zeroizing::new(String::with_capacity(MAX_FILE as usize));
        Read::by_ref(&mut input).take(MAX_FILE).read_to_string(&mut text).map_err(Error::io("read", file))?;
        Self::parse(text.trim_end_matches('\n'))
    }

    fn parse(line: &str) -> Result<Self> {
        let wrong = |why: &str| Error::Key(why.to_owned());
        // The crate checks format, type and id; it keeps the key to itself, so the seed is read here once more.
        signed_note::StandardSigner::new(line).map_err(|error| Error::Key(error.to_string()))?;
        let mut parts = line.splitn(5, '+').skip(2);
        let (name, base64) = (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default());
        name_is_valid(name)?;
        let bytes = Zeroizing::new(STANDARD.decode(base64).map_err(|_| wrong("its base64 is malformed"))?);
        let seed = bytes.get(1..).and_then(|seed| <&[u8; 32]>::try_from(seed).ok());
        let signing = SigningKey::from_bytes(seed.ok_or_else(|| wrong("it isn't 32 bytes long"))?);
        Ok(Self { name: name.to_owned(), signing })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey { name: self.name.clone(), key: self.signing.verifying_key() }
    }
}

/// A public key and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub(crate) name: String,
    pub(crate) key: VerifyingKey,
}

impl PublicKey {
    /// Reads `name+id+base64`, of either signature type.
    ///
    /// # Errors
    /// [`Error::Key`] where it is malformed, of another type, or its id isn't that of name and key.
    pub fn parse(line: &str) -> Result<Self> {
        let wrong = |why: &str| Error::Key(format!("`{}`: {why}", line.chars().take(MAX_NAME).collect::<String>()));
        let mut parts = line.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(base64)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("isn't name, id and key with `+` between them"));
        };
        name_is_valid(name)?;
        let bytes = STANDARD.decode(base64).map_err(|_| wrong("its base64 is malformed"))?;
        let (kind, key) = match bytes.split_first() {
            Some((kind @ &(ED25519 | COSIGNATURE), key)) => (*kind, key),
            _ => return Err(wrong("isn't an Ed25519 key")),
        };
        let key = <&[u8; 32]>::try_from(key).map_err(|_| wrong("isn't 32 bytes long"))?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| wrong("isn't a point of the curve"))?;
        let public = Self { name: name.to_owned(), key };
        if format!("{:08x}", public.id(kind)) != id {
            return Err(wrong("its id isn't that of its name and key"));
        }
        Ok(public)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's 32 bytes, for other programs (`openssl` wants them).
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// As a ledger's key: signature type 0x01.
    #[must_use]
    pub fn to_line(&self) -> String {
        signed_note::new_ed25519_verifier_key(&self.name, &self.key)
    }

    /// As a witness's key: signature type 0x04 (C2SP tlog-cosignature).
    #[must_use]
    pub fn to_witness_line(&self) -> String {
        let bytes = [&[COSIGNATURE][..], self.key.as_bytes()].concat();
        format!("{}+{:08x}+{}", self.name, self.id(COSIGNATURE), STANDARD.encode(bytes))
    }

    pub(crate) fn id(&self, kind: u8) -> u32 {
        signed_note::key_id(&self.name, &[&[kind][..], self.key.as_bytes()].concat())
    }
}

fn name_is_valid(name: &str) -> Result<()> {
    let valid = signed_note::is_key_name_valid(name) && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
    if valid { Ok(()) } else { Err(Error::Key("its name is empty, too long, or has spaces or a `+`".into())) }
}
