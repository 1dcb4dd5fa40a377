//! Laws of reading checkpoints and proofs, for the fuzzer and for tests.
//! In: any bytes. Out: a panic where a law is broken.
//! Invariant: nothing panics; what nobody signed is never believed; a proof that was read is written the same.
//! Not here: the fuzzer.

use stillwatch_ledger::{Consistency, Proof, PublicKey, Signed};

/// A ledger's key that signed nothing the fuzzer can find.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

pub(crate) fn run(bytes: &[u8]) {
    let key = PublicKey::parse(KEY).expect("the key is one");
    assert!(Signed::read(bytes, &key, &[]).is_err());
    let text = String::from_utf8_lossy(bytes);
    let _ = PublicKey::parse(&text);
    if let Ok(proof) = Proof::parse(&text) {
        let again = Proof::parse(&proof.to_text()).expect("what was written is a proof");
        assert_eq!(again, proof);
        assert!(proof.check(b"entry", &key, &[]).is_err());
    }
    if let Ok(proof) = Consistency::parse(&text) {
        let again = Consistency::parse(&proof.to_text()).expect("what was written is a proof");
        assert_eq!(again, proof);
        assert!(proof.check(stillwatch_ledger::Hash([0; 32]), &key, &[]).is_err());
    }
}
