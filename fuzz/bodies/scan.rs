//! Laws of looking for secrets, for the fuzzer and for tests.
//! In: any bytes, as one text and as lines of a list. Out: a panic where a law is broken.
//! Invariant: nothing panics; the quick look says what the whole look says, also the second time.
//! Not here: the fuzzer.

use stillwatch_share::scan::{Kept, Scanners};

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let scanners = Scanners::new(&["Zephyr Analytics".to_owned(), "Ock".to_owned()], None);
    let _ = scanners.look(&text);
    let lines: Vec<&str> = text.lines().collect();
    let json = serde_json::json!({"text": text, "lines": lines}).to_string();
    let (whole, mut kept) = (scanners.look(&json), Kept::default());
    assert_eq!(scanners.look_again(&json, &mut kept), whole);
    assert_eq!(scanners.look_again(&json, &mut kept), whole);
}
