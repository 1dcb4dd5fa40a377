//! Archive: the one tar file of a bundle, the same bytes whoever writes it.
//! In: files by path. Out: a plain tar (POSIX ustar); of others' tars, their files, or what is wrong.
//! Invariant: reading writes nothing, follows nothing and is bounded; whatever isn't byte for byte as `write` does it is refused.
//! Not here: what is in the files (`verify.rs`).

use std::collections::BTreeMap;
use std::io::{self, Write};

use tar::{Archive, Builder, EntryType, Header};

/// Most bytes of an archive: as JSON in memory it may take ten times as much.
pub(super) const MOST_BYTES: u64 = 64 << 20;
/// Most files in one.
pub(super) const MOST_FILES: usize = 50_000;
/// Most bytes of a path: what fits the one field of a header.
const MOST_PATH: usize = 100;
/// Every file's time, 1980-01-01: says nothing, and no program finds it odd.
const TIME: u64 = 315_532_800;
/// A block of a tar.
const BLOCK: usize = 512;

/// Writes files in the order of their paths.
pub(super) fn write<W: Write>(out: W, files: &BTreeMap<String, impl AsRef<[u8]>>) -> io::Result<W> {
    let mut builder = Builder::new(out);
    for (path, bytes) in files {
        let bytes = bytes.as_ref();
        let mut header = Header::new_ustar();
        header.set_path(path)?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(TIME);
        header.set_cksum();
        builder.append(&header, bytes)?;
    }
    builder.into_inner()
}

/// The files of an archive; or what is wrong with it, first thing first.
pub(super) fn read(archive: &[u8]) -> Result<BTreeMap<String, &[u8]>, String> {
    if archive.len() as u64 > MOST_BYTES {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    let mut files = BTreeMap::new();
    let mut reader = Archive::new(archive);
    // Raw: long names and extended headers are entries like any other, and refused.
    let entries = reader.entries().map_err(|error| format!("it is no tar: {error}"))?.raw(true);
    for entry in entries {
        let entry = entry.map_err(|error| format!("behind {} files: {error}", files.len()))?;
        let path = entry.path_bytes();
        let path = std::str::from_utf8(&path).ok().filter(|path| is_path(path)).ok_or_else(|| {
            format!(
                "it has an entry `{}`, which is no path within a bundle",
                String::from_utf8_lossy(&path).escape_debug()
            )
        })?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(format!("`{path}` is no plain file"));
        }
        let begin = usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX);
        let end = begin.saturating_add(usize::try_from(entry.size()).unwrap_or(usize::MAX));
        let bytes = archive.get(begin..end).ok_or_else(|| format!("`{path}` is cut off"))?;
        if files.insert(path.to_owned(), bytes).is_some() {
            return Err(format!("`{path}` is in it twice"));
        }
        if files.len() > MOST_FILES {
            return Err(format!("it has more than {MOST_FILES} files"));
        }
    }
    let compared =
        write(Compared { with: archive, at: 0, differs: None }, &files).map_err(|error| error.to_string())?;
    match compared.differs {
        Some(at) => Err(format!("byte {at} isn't as a bundle has it: {}", place(&files, at))),
        None if compared.at != archive.len() => Err(format!("{} bytes follow its end", archive.len() - compared.at)),
        None => Ok(files),
    }
}

/// Whether a path names a file of a bundle: below it, plain letters, nothing hidden.
pub(super) fn is_path(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    path.len() <= MOST_PATH
        && path.split('/').all(|name| name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain))
}

/// Where in an archive a byte is that no file's content holds.
fn place(files: &BTreeMap<String, &[u8]>, at: usize) -> String {
    let mut end = 0;
    for (path, bytes) in files {
        end += BLOCK;
        if at < end {
            return format!("the header of `{path}`, or the order of the files");
        }
        end += bytes.len().div_ceil(BLOCK) * BLOCK;
        if at < end {
            return format!("`{path}`, or behind it");
        }
    }
    "the end of the archive".into()
}

/// Compares what is written with what is there, and keeps neither.
struct Compared<'a> {
    with: &'a [u8],
    at: usize,
    differs: Option<usize>,
}

impl Write for Compared<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.differs.is_none() {
            let there = self.with.get(self.at..).unwrap_or_default();
            let same = there.iter().zip(bytes).take_while(|(a, b)| a == b).count();
            self.differs = (same < bytes.len()).then_some(self.at + same);
            self.at += bytes.len();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar(entries: &[(&str, EntryType, u64)]) -> io::Result<Vec<u8>> {
        let mut builder = Builder::new(Vec::new());
        for (path, kind, size) in entries {
            let mut header = Header::new_ustar();
            // The crate itself refuses some of these paths.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(*size);
            header.set_mode(0o644);
            header.set_mtime(TIME);
            header.set_cksum();
            builder.append(&header, io::empty())?;
        }
        builder.into_inner()
    }

    #[test]
    fn hostile_archives_are_refused() -> io::Result<()> {
        let file = EntryType::Regular;
        for (entries, why) in [
            (&[("../evil", file, 0)][..], "which is no path within a bundle"),
            (&[("/etc/passwd", file, 0)], "which is no path within a bundle"),
            (&[("ledger/../../evil", file, 0)], "which is no path within a bundle"),
            (&[("ledger//evil", file, 0)], "which is no path within a bundle"),
            (&[("a\u{1b}[2J", file, 0)], "which is no path within a bundle"),
            (&[(".hidden", file, 0)], "which is no path within a bundle"),
            (&[("link", EntryType::Symlink, 0)], "`link` is no plain file"),
            (&[("link", EntryType::Link, 0)], "`link` is no plain file"),
            (&[("folder", EntryType::Directory, 0)], "`folder` is no plain file"),
            (&[("device", EntryType::Char, 0)], "`device` is no plain file"),
            (&[("name", EntryType::GNULongName, 1 << 60)], "`name` is no plain file"),
            (&[("extended", EntryType::XHeader, 0)], "`extended` is no plain file"),
            (&[("sparse", EntryType::GNUSparse, 0)], "`sparse` is no plain file"),
            (&[("huge", file, 1 << 60)], "`huge` is cut off"),
            (&[("a", file, 0), ("a", file, 0)], "`a` is in it twice"),
            (&[("b", file, 0), ("a", file, 0)], "or the order of the files"),
        ] {
            let said = read(&tar(entries)?).err().unwrap_or_default();
            assert!(said.contains(why), "{entries:?}: {said}");
        }
        Ok(())
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() -> io::Result<()> {
        let files: BTreeMap<String, Vec<u8>> = [("a.json", 0), ("b/c.json", 511), ("b/d.json", 512), ("e", 513)]
            .map(|(path, n)| (path.into(), vec![7; n]))
            .into();
        let archive = write(Vec::new(), &files)?;
        assert_eq!(read(&archive).map(|read| read.len()), Ok(4));
        assert!(read(&archive[..archive.len() - 512]).is_err());
        assert!(read(&[&archive[..], &[0; 512]].concat()).is_err());
        assert!(read(b"").is_err() && read(&[1; 2000]).is_err());
        Ok(())
    }
}
