//! Kept: any bytes in the place of what was kept of a cut match.
//! In: bytes. Out: a panic, if a promise is broken.
//! Invariant: a part that isn't the head's own is refused.
//! Not here: frames (`frames`).

use stillwatch_matching::pair::{Receiver, Sender};

use super::setting;

/// Any bytes as each of a snapshot's parts, the others being right.
pub(crate) fn goes(bytes: &[u8]) {
    let setting = setting();
    let restore = |head: &[u8], entries: &[u8], found: &[u8]| {
        let (mut head, mut entries, mut found) = (head, entries, found);
        Receiver::restore(setting.terms.clone(), setting.own.clone(), &mut head, &mut entries, &mut found)
    };
    let [head, entries, found] = &setting.kept;
    assert!(restore(head, entries, found).is_ok_and(|(receiver, _)| receiver.has_all()));
    assert_eq!(restore(head, bytes, found).is_ok(), bytes.starts_with(entries));
    assert_eq!(restore(head, entries, bytes).is_ok(), bytes.starts_with(found));
    let _ = restore(bytes, entries, found);
    // With a beginning that fits, so that what follows is reached.
    let mut fitted = head[..36].to_vec();
    fitted.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    fitted.extend_from_slice(bytes);
    if let Ok((mut receiver, saved)) = restore(&fitted, entries, found) {
        assert!(saved.entries() <= entries.len() as u64 && receiver.progress().evaluated <= 64);
        let _ = receiver.open();
        let _ = receiver.into_matches().map(Iterator::count);
    }
    let _ = Sender::restore(setting.terms.clone(), setting.own.clone(), &mut &*bytes);
}
