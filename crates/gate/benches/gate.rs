//! Gate: placeholder replaced below.
fn main() {}
