//! Proofs: of every entry, between all sizes; and none that isn't one.
//! In: ledgers of many sizes. Out: proofs that hold without the ledger.
//! Invariant: proofs are checked as texts, as somebody else gets them.
//! Not here: others' programs that check them (`independent.rs`).

use proptest::prelude::*;
use stillwatch_ledger::{Consistency, Proof, Reader};

use crate::fixture::{Done, entry, ledger};

#[test]
fn consistency_between_all_sizes() -> Done {
    let folder = tempfile::tempdir()?;
    let size = 270;
    let key = ledger(folder.path(), &[100, 100, 70])?;
    let reader = Reader::open(folder.path(), &key, &[])?;
    let roots = (0..=size).map(|n| reader.root_at(n)).collect::<Result<Vec<_>, _>>()?;
    for new in 1..=size {
        for old in 1..=new {
            let proof = reader.consistency_between(old, new)?;
            tlog_tiles::check_tree(&proof, new, roots[new as usize], old, roots[old as usize])
                .or_else(|error| if old == new { Ok(()) } else { Err(error) })?;
        }
    }
    for old in 0..=size {
        let proof = Consistency::parse(&reader.consistency(old)?.to_text())?;
        proof.check(roots[old as usize], &key, &[])?;
        assert!(proof.check(roots[(old as usize + 1) % roots.len()], &key, &[]).is_err());
    }
    assert!(reader.consistency(size + 1).is_err());
    Ok(())
}

#[test]
fn a_proof_is_a_tlog_proof() -> Done {
    let folder = tempfile::tempdir()?;
    let key = ledger(folder.path(), &[5])?;
    let text = Reader::open(folder.path(), &key, &[])?.prove(3)?.to_text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        (lines[0], lines[1], lines[5], lines[6], lines[7]),
        ("c2sp.org/tlog-proof@v1", "index 3", "", "lab.example/ledger", "5")
    );
    assert!(text.len() < 2048);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever the batches: every proof holds for its entry, and for no other.
    #[test]
    fn of_every_entry(batches in proptest::collection::vec(1..200u64, 1..6), picks in proptest::collection::vec(any::<prop::sample::Index>(), 8)) {
        let folder = tempfile::tempdir()?;
        let key = ledger(folder.path(), &batches).map_err(|e| TestCaseError::fail(e.to_string()))?;
        let fail = |e: stillwatch_ledger::Error| TestCaseError::fail(e.to_string());
        let reader = Reader::open(folder.path(), &key, &[]).map_err(fail)?;
        let size: u64 = batches.iter().sum();
        for pick in picks {
            let index = pick.index(size as usize) as u64;
            let proof = Proof::parse(&reader.prove(index).map_err(fail)?.to_text()).map_err(fail)?;
            proof.check(&entry(index).canonical(0).map_err(fail)?, &key, &[]).map_err(fail)?;
            prop_assert!(proof.check(&entry(index + 1).canonical(0).map_err(fail)?, &key, &[]).is_err());
            let moved = Proof { index: (index + 1) % (size + 1), ..proof };
            prop_assert!(moved.check(&entry(index).canonical(0).map_err(fail)?, &key, &[]).is_err());
        }
    }
}
