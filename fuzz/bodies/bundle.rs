//! Laws of reading bundles, for the fuzzer and for tests.
//! In: any bytes. Out: a panic where a law is broken.
//! Invariant: nothing panics; what was read and written is read the same again; faults have places.
//! Not here: the fuzzer.

use stillwatch_stix::validate::{Rules, validate};
use stillwatch_stix::{Bundle, Limits, campaign};

pub(crate) fn run(bytes: &[u8]) {
    let limits = Limits { bytes: 1 << 20, objects: 1_000, depth: 32, faults: 100 };
    if let Ok(bundle) = Bundle::read(bytes, &limits) {
        let written = bundle.write();
        let again = Bundle::read(written.as_bytes(), &limits).expect("what was written is a bundle");
        let raws =
            |bundle: &Bundle<'_>| bundle.objects.iter().map(|object| object.raw().to_owned()).collect::<Vec<_>>();
        assert_eq!(raws(&bundle), raws(&again));
        assert!(bundle.faults.iter().chain(&again.faults).all(|fault| fault.line > 0 && fault.column > 0));
        let received = campaign::receive(&bundle.objects);
        assert!(received.campaigns.len() + received.indicators.len() <= bundle.objects.len());
    }
    let faults = validate(bytes, &Rules { limits, ..Rules::default() });
    assert!(faults.len() <= limits.faults + 1);
    assert!(faults.iter().all(|fault| fault.line > 0 && fault.path.starts_with('$') && !fault.message.is_empty()));
}
