//! Committed: roots and budgets.
//! In: sets of all sizes. Out: nothing.
//! Invariant: the tree is RFC 9162's, by the word of another crate.
//! Not here: matching.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use stillwatch_matching::budget::Budgets;
use stillwatch_matching::commit::{Commitment, Leaf, Salt, leaf_salt};
use stillwatch_matching::{Error, Namespace};

#[derive(Clone)]
struct Bytes(Vec<u8>);

impl ct_merkle::HashableLeaf for Bytes {
    fn hash<H: sha2::digest::Update>(&self, hasher: &mut H) {
        hasher.update(&self.0);
    }
}

#[test]
fn roots_are_rfc_9162_and_leaves_can_be_audited() {
    let salt = Salt::new([3; 32]);
    let mut commitment = Commitment::new(salt.clone());
    let mut tree = MemoryBackedTree::<sha2::Sha256, Bytes>::new();
    assert!(commitment.root().is_err());
    for number in 0..70u64 {
        let element = number.to_be_bytes();
        commitment.add(&element, b"label").unwrap();
        tree.push(Bytes(Leaf::new(&salt, number, &element, b"label").unwrap().as_ref().to_vec()));
        assert_eq!(commitment.root().unwrap(), tree.root().as_bytes().as_slice());
    }
    // Audit: the owner opens leaf 13 with its salt and a path; nothing else is shown.
    let proof = tree.prove_inclusion(13);
    let opened = Leaf::opened(&leaf_salt(&salt, 13).unwrap(), &13u64.to_be_bytes(), b"label");
    let root = tree.root();
    assert!(root.verify_inclusion(&Bytes(opened.as_ref().to_vec()), 13, &proof).is_ok());
    let other = Leaf::opened(&leaf_salt(&salt, 13).unwrap(), &14u64.to_be_bytes(), b"label");
    assert!(root.verify_inclusion(&Bytes(other.as_ref().to_vec()), 13, &proof).is_err());
}

#[test]
fn no_leaf_can_be_read_two_ways() {
    let salt = [0; 16];
    assert_ne!(Leaf::opened(&salt, b"ab", b"c").as_ref(), Leaf::opened(&salt, b"a", b"bc").as_ref());
}

#[test]
fn a_budget_is_spent_once_and_survives_being_kept() {
    let mut budgets = Budgets::new(4);
    budgets.allow("lab.example", Namespace::Address, 100);
    assert!(budgets.charge("lab.example", Namespace::Address, 60).is_ok());
    assert!(matches!(
        budgets.charge("lab.example", Namespace::Address, 41),
        Err(Error::Budget { asked: 41, left: 40, limit: 100, .. })
    ));
    assert!(matches!(budgets.charge("lab.example", Namespace::Phone, 1), Err(Error::Budget { limit: 0, .. })));
    assert!(matches!(budgets.charge("other.example", Namespace::Address, 1), Err(Error::Budget { limit: 0, .. })));
    let kept = serde_json::to_string(&budgets).unwrap();
    let mut again: Budgets = serde_json::from_str(&kept).unwrap();
    assert_eq!(again, budgets);
    assert!(again.charge("lab.example", Namespace::Address, 40).is_ok());
    again.allow("lab.example", Namespace::Address, 50);
    assert!(again.charge("lab.example", Namespace::Address, 1).is_err(), "a smaller limit gives nothing back");
    assert!(again.charge("lab.example", Namespace::Address, u64::MAX).is_err());
}
