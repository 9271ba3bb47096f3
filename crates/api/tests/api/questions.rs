//! Questions that are answered at once.

use http::StatusCode;

use crate::support::TestSystem;

/// Paths and the whole answers to them.
const ANSWERS: &[(&str, &str)] = &[
    (
        "/api/sequences/lucas/100",
        r#"{"subject":"L(100)","index":"100","value":"792070839848372253127","modulus":null,"residue":null}"#,
    ),
    ("/api/sequences/lucas/-5", r#"{"subject":"L(-5)","index":"-5","value":"-11","modulus":null,"residue":null}"#),
    (
        "/api/sequences/u/10?p=3&q=-1",
        r#"{"subject":"U(3,-1,10)","index":"10","value":"42837","modulus":null,"residue":null}"#,
    ),
    (
        "/api/sequences/v/10?p=2&q=-1",
        r#"{"subject":"V(2,-1,10)","index":"10","value":"6726","modulus":null,"residue":null}"#,
    ),
    (
        "/api/sequences/u/-3?p=3&q=2&modulus=5",
        r#"{"subject":"U(3,2,-3)","index":"-3","value":null,"modulus":"5","residue":"1"}"#,
    ),
    (
        "/api/sequences/seeded/-5?a=3&b=4",
        r#"{"subject":"G(3,4,-5)","index":"-5","value":"-4","modulus":null,"residue":null}"#,
    ),
    (
        "/api/sequences/kbonacci/50?k=3",
        r#"{"subject":"T(3,50)","index":"50","value":"3122171529233","modulus":null,"residue":null}"#,
    ),
    (
        "/api/sequences/kbonacci/1000000000000000000038?k=64&modulus=2",
        r#"{"subject":"T(64,1000000000000000000038)","index":"1000000000000000000038","value":null,"modulus":"2","residue":"1"}"#,
    ),
    ("/api/polynomials/fibonacci/5", r#"{"subject":"F(5,x)","index":"5","coefficients":["1","0","3","0","1"]}"#),
    ("/api/polynomials/fibonacci/0", r#"{"subject":"F(0,x)","index":"0","coefficients":[]}"#),
    (
        "/api/moduli/1000",
        r#"{"modulus":"1000","pisano_period":"1500","entry_point":"750","zeros":2,"factors":[{"prime":"2","exponent":3},{"prime":"5","exponent":3}]}"#,
    ),
    ("/api/moduli/1", r#"{"modulus":"1","pisano_period":"1","entry_point":"1","zeros":1,"factors":[]}"#),
    ("/api/moduli/7/residues?from=-1&count=5", r#"{"modulus":"7","from":"-1","residues":["1","0","1","1","2"]}"#),
    ("/api/recognition/144", r#"{"index":"12","lucas_index":null,"below":"12","above":"13","nearest":["12"]}"#),
    ("/api/recognition/4", r#"{"index":null,"lucas_index":"3","below":"4","above":"5","nearest":["4","5"]}"#),
    ("/api/representations/100", r#"{"number":"100","zeckendorf":[11,6,4]}"#),
    ("/api/representations/100?form=dual", r#"{"number":"100","dual":[10,8,7,5,4,3,2]}"#),
    ("/api/representations/100?form=even", r#"{"number":"100","even":[10,8,8,4]}"#),
    ("/api/representations/0", r#"{"number":"0","zeckendorf":[]}"#),
    ("/api/representations?indexes=11,6,4", r#"{"indexes":[11,6,4],"number":"100"}"#),
    ("/api/wythoff/4", r#"{"index":"4","lower":"6","upper":"10"}"#),
    ("/api/golden-string/0?count=13", r#"{"index":"0","characters":"0100101001001"}"#),
    (
        "/api/factors/fibonacci/10",
        r#"{"subject":"F(10)","index":"10","parts":[{"divisor":1,"value":"1","factors":[]},{"divisor":2,"value":"1","factors":[]},{"divisor":5,"value":"5","factors":[{"prime":"5","exponent":1}]},{"divisor":10,"value":"11","factors":[{"prime":"11","exponent":1}]}],"aurifeuillian":null}"#,
    ),
    (
        "/api/factors/lucas/5",
        r#"{"subject":"L(5)","index":"5","parts":[{"divisor":2,"value":"1","factors":[]},{"divisor":10,"value":"11","factors":[{"prime":"11","exponent":1}]}],"aurifeuillian":["1","11"]}"#,
    ),
    ("/api/divisors/12", r#"{"index":"12","divisors":["1","2","3","4","6","12"]}"#),
    (
        "/api/primality/fibonacci/-11",
        r#"{"subject":"F(-11)","index":"-11","primality":"prime","reason":"Its index is in the table of known primes, with a proof.","method":{"name":"deterministic_test","source":"tests of Abaci, by is_prime of the crate fibonacci","pari_gp":"isprime(fibonacci(11))"}}"#,
    ),
    (
        "/api/primality/lucas/9",
        r#"{"subject":"L(9)","index":"9","primality":"composite","reason":"Its index is composite, so that a smaller number of the same kind divides it.","method":{"name":"divisor","source":null,"pari_gp":null}}"#,
    ),
    (
        "/api/primality/lucas/43",
        r#"{"subject":"L(43)","index":"43","primality":"composite","reason":"Every index to 50,000 was tested, and this one is not in the table of primes.","method":{"name":"compositeness_test","source":"Dubner and Keller, New Fibonacci and Lucas primes, 1999","pari_gp":"ispseudoprime(fibonacci(42) + fibonacci(44))"}}"#,
    ),
    (
        "/api/primality/fibonacci/3340367",
        r#"{"subject":"F(3340367)","index":"3340367","primality":"probable_prime","reason":"Its index is in the table of known primes: it passes tests, the table has no proof.","method":{"name":"probable_prime_test","source":"OEIS A001605, which does not name the tests","pari_gp":null}}"#,
    ),
    (
        "/api/digits/-8",
        r#"{"subject":"F(-8)","index":"-8","digits":2,"counts":[0,1,1,0,0,0,0,0,0,0],"sum":3,"digital_root":3}"#,
    ),
    ("/api/phi?places=20", r#"{"places":20,"phi":"1.61803398874989484820"}"#),
    ("/api/ratios/10?places=10", r#"{"index":"10","places":10,"ratio":"1.6181818181","agreeing_places":3}"#),
    ("/api/convergents/3", r#"{"k":3,"numerator":"5","denominator":"3","above":true}"#),
    ("/api/polynomials/lucas/4", r#"{"subject":"L(4,x)","index":"4","coefficients":["2","0","4","0","1"]}"#),
];

/// Paths that are refused, and the argument that is wrong.
const REFUSED: &[(&str, &str)] = &[
    ("/api/sequences/perrin/5", "sequence"),
    ("/api/sequences/lucas/x", "n"),
    ("/api/sequences/lucas/-0", "n"),
    ("/api/sequences/lucas/007", "n"),
    ("/api/sequences/lucas/1e3", "n"),
    ("/api/sequences/lucas/10?modulus=0", "modulus"),
    ("/api/sequences/lucas/10?modulus=-7", "modulus"),
    ("/api/sequences/lucas/10?modulus=", "modulus"),
    ("/api/sequences/lucas/10?modulus=7&modulus=8", "modulus"),
    ("/api/sequences/u/10", "p"),
    ("/api/sequences/u/10?p=3", "q"),
    ("/api/sequences/u/10?p=3&q=%2B1", "q"),
    ("/api/sequences/lucas/1?q=null", "q"),
    ("/api/sequences/lucas/1?k=1", "k"),
    ("/api/sequences/u/-1?p=3&q=2", "n"),
    ("/api/sequences/u/-1?p=3&q=2&modulus=4", "n"),
    ("/api/sequences/seeded/1?a=1", "b"),
    ("/api/sequences/kbonacci/10", "k"),
    ("/api/sequences/kbonacci/10?k=1", "k"),
    ("/api/sequences/kbonacci/10?k=65", "k"),
    ("/api/moduli/0", "m"),
    ("/api/moduli/340282366920938463463374607431768211456", "m"),
    ("/api/moduli/0/residues", "m"),
    ("/api/moduli/7/residues?count=0", "count"),
    ("/api/moduli/7/residues?count=10001", "count"),
    ("/api/moduli/7/residues?from=1.5", "from"),
    ("/api/recognition/-1", "number"),
    ("/api/recognition/1%2000", "number"),
    ("/api/representations/x", "number"),
    ("/api/representations/100?form=lazy", "form"),
    ("/api/representations", "indexes"),
    ("/api/representations?indexes=", "indexes"),
    ("/api/representations?indexes=1,,2", "indexes"),
    ("/api/representations?indexes=10000001", "indexes"),
    ("/api/wythoff/-1", "n"),
    ("/api/golden-string/0?count=x", "count"),
    ("/api/factors/fibonacci/0", "n"),
    ("/api/factors/fibonacci/100001", "n"),
    ("/api/factors/lucas/50001", "n"),
    ("/api/factors/pell/5", "family"),
    ("/api/divisors/0", "n"),
    ("/api/primality/lucas/1e6", "n"),
    ("/api/primes/mersenne", "family"),
    ("/api/digits/-0", "n"),
    ("/api/digits/700000000001", "n"),
    ("/api/phi?places=9223372036854775808", "places"),
    ("/api/phi?places=-1", "places"),
    ("/api/ratios/0", "n"),
    ("/api/ratios/18446744073709551616", "n"),
    ("/api/convergents/65536", "k"),
    ("/api/polynomials/perrin/5", "family"),
    ("/api/polynomials/lucas/-1", "n"),
    ("/api/polynomials/lucas/2001", "n"),
];

/// Paths that are too expensive with that value of an argument, which stands for `{}`.
const TOO_EXPENSIVE: &[(&str, &str, &str)] = &[
    ("/api/sequences/lucas/{}", "1000000000000", "n"),
    ("/api/sequences/lucas/{}", "-1000000000000000000000000000000000000000000", "n"),
    ("/api/sequences/u/{}?p=1000000000&q=7", "1000000", "n"),
    ("/api/sequences/kbonacci/{}?k=64", "1000000", "n"),
    ("/api/moduli/{}", "340282366920938463463374607431768211455", "m"),
    ("/api/divisors/{}", "340282366920938463463374607431768211455", "n"),
    ("/api/digits/{}", "700000000000", "n"),
    ("/api/phi?places={}", "9223372036854775807", "places"),
    ("/api/ratios/5000000?places={}", "9223372036854775807", "places"),
];

#[tokio::test]
async fn questions_are_answered_and_nothing_is_created() {
    let system = TestSystem::start().await;
    for (path, expected) in ANSWERS {
        let answer = system.get(path).await.expect(StatusCode::OK);
        assert_eq!(answer.text, *expected, "{path}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "public, max-age=3600");
        assert!(answer.header("etag").starts_with("W/\""));
    }
    assert_eq!((system.rows().await, system.jobs().await), (0, 0));
}

#[tokio::test]
async fn wrong_arguments_are_refused_with_what_is_allowed() {
    let system = TestSystem::start().await;
    for (path, field) in REFUSED {
        let problem = system.get(path).await.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter").json();
        assert_eq!(problem["field"], *field, "{path}");
        assert!(problem["allowed"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn what_takes_too_long_is_refused_with_the_largest_argument_that_does_not() {
    let system = TestSystem::start().await;
    for (path, given, field) in TOO_EXPENSIVE {
        let answer = system.get(&path.replace("{}", given)).await;
        let problem = answer.expect_problem(StatusCode::UNPROCESSABLE_ENTITY, "parameter").json();
        assert_eq!(problem["field"], *field, "{path}");
        assert!(problem["detail"].as_str().expect("a detail").contains("of processor time"), "{path}");
        let allowed = problem["allowed"].as_str().expect("what is allowed");
        let largest = allowed.split_whitespace().rev().find(|word| word.parse::<u128>().is_ok()).expect("a number");
        let one_more = (largest.parse::<u128>().expect("a number") + 1).to_string();
        system.get(&path.replace("{}", largest)).await.expect(StatusCode::OK);
        system.get(&path.replace("{}", &one_more)).await.expect(StatusCode::UNPROCESSABLE_ENTITY);
    }
}
