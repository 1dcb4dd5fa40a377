//! Field: numbers modulo 2^61 - 1, which shares are.
//! In: numbers. Out: numbers.
//! Invariant: all arithmetic is `crypto-bigint`'s (constant-time; an audited library, which the curve's traits bring along anyway).
//! Not here: what is shared.
//!
//! A value stands for itself in Montgomery form, a constant is brought into that form: their product is the value times the constant,
//! without a conversion. Sums, differences and comparisons don't mind.

use crypto_bigint::modular::ConstMontyForm;
use crypto_bigint::{U64, const_monty_params};
use rand_core::Rng;

use crate::error::{Error, Result};

/// 2^61 - 1: the paper's prime. A choice of k members opens a bin by chance once in 2^61.
pub(super) const PRIME: u64 = (1 << 61) - 1;

const_monty_params!(Modulus, U64, "1fffffffffffffff", "2^61 - 1");

/// A number, as it is in tables; or a constant in Montgomery form.
pub(super) type Number = ConstMontyForm<Modulus, { U64::LIMBS }>;

/// A number of a table.
#[inline]
pub(super) fn value(number: u64) -> Number {
    Number::from_montgomery(U64::from_u64(number))
}

/// What goes into a table.
#[inline]
pub(super) fn raw(number: &Number) -> u64 {
    u64::from(number.to_montgomery())
}

/// A number that values are multiplied by.
pub(super) fn constant(number: u64) -> Number {
    Number::new(&U64::from_u64(number))
}

/// One over it.
pub(super) fn inverse(number: u64) -> Result<Number> {
    Option::from(constant(number).invert()).ok_or(Error::Misuse("nothing is one over zero"))
}

/// A uniform number.
pub(super) fn uniform(rng: &mut impl Rng) -> u64 {
    loop {
        let number = rng.next_u64() & PRIME;
        if number != PRIME {
            return number;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_times_a_constant_is_their_product() {
        let product = |a: u64, b: u64| ((u128::from(a) * u128::from(b)) % u128::from(PRIME)) as u64;
        for a in [0, 1, 2, 12_345_678_901_234_567, PRIME - 1] {
            for b in [1, 2, 255, 98_765_432_109_876_543, PRIME - 1] {
                assert_eq!(raw(&(value(a) * constant(b))), product(a, b));
                let over = inverse(b).map(|over| raw(&(value(a) * over)));
                assert_eq!(over.map(|quotient| product(quotient, b)), Ok(a));
            }
            assert_eq!(raw(&(value(a) - value(5))), (a + PRIME - 5) % PRIME);
        }
        assert!(inverse(0).is_err());
    }
}
