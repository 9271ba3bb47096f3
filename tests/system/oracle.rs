//! F(n) by another library and another method, to hold ours against.

use num_bigint::BigInt;

/// F(n) as decimal text, for |n| up to a million or so.
pub(crate) fn fibonacci(n: i64) -> String {
    let (mut a, mut b) = (BigInt::from(0), BigInt::from(1));
    for bit in (0..64).rev() {
        let c = &a * ((&b << 1u32) - &a);
        let d = &a * &a + &b * &b;
        (a, b) = if n.unsigned_abs() >> bit & 1 == 0 { (c, d) } else { (d.clone(), c + d) };
    }
    if n < 0 && n % 2 == 0 { (-a).to_string() } else { a.to_string() }
}

#[test]
fn the_oracle_knows_published_values() {
    for (n, value) in
        [(0, "0"), (1, "1"), (2, "1"), (10, "55"), (100, "354224848179261915075"), (-8, "-21"), (-7, "13")]
    {
        assert_eq!(fibonacci(n), value);
    }
}
