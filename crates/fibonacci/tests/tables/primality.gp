\\ Writes primality.csv with PARI/GP:  gp -q primality.gp
\\
\\ F or L, n, digits, the test, its result, and the milliseconds of processor time that it took.
\\ primecert: a certificate of primality by elliptic curves (ECPP) was made, and primecertisvalid accepts it.
\\ ispseudoprime: a test of Baillie, Pomerance, Selfridge and Wagstaff, which is no proof.

default(parisizemax, "4G");
default(nbthreads, 1);

value(family, n) = if (family == "F", fibonacci(n), fibonacci(n - 1) + fibonacci(n + 1));
row(family, n, test, passes) =
{
  my(number = value(family, n), start = getabstime(), passed = passes(number));
  write("primality.csv", family, ",", n, ",", #digits(number), ",", test, ",", passed, ",", getabstime() - start);
}

certified(number) = my(certificate = primecert(number)); certificate != 0 && primecertisvalid(certificate);

\\ The known primes from 2^64 to 1,223 digits.
foreach ([131, 137, 359, 431, 433, 449, 509, 569, 571, 2971, 4723, 5387], n, row("F", n, "primecert", certified));
foreach ([113, 313, 353, 503, 613, 617, 863, 1097, 1361, 4787, 4793, 5851], n, row("L", n, "primecert", certified));
\\ The first without a proof.
row("F", 201107, "ispseudoprime", ispseudoprime);
quit
