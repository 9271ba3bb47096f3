\\ Writes periods.csv, sequences.csv and zeckendorf.csv with PARI/GP:  gp -q sequences.gp
\\
\\ periods.csv: m, its factorization, Pisano period, entry point. The period of a prime is the order of the roots of
\\ x^2 - x - 1 in the field they are in; the entry point that of their quotient; powers by Wall's theorem.
\\ sequences.csv: P, Q, a, b, n, U(n), V(n), G(a, b, n), k, T(n), all modulo m, by powers of matrices.
\\ zeckendorf.csv: N, the indexes of its Zeckendorf representation, by the greedy algorithm.

default(parisizemax, 1000000000);
setrand(1);

prime_orders(p) = {
  if (p == 2, return([3, 3]));
  if (p == 5, return([20, 5]));
  if (kronecker(p, 5) == 1,
    my(r = polrootsmod(x^2 - x - 1, p), a = r[1], b = r[2]);
    return([lcm(znorder(a), znorder(b)), znorder(a / b)]),
    my(a = ffgen(Mod(1, p) * (x^2 - x - 1), 'a), b = 1 - a);
    return([fforder(a), fforder(a / b)]));
}

power_orders(p, e) = prime_orders(p) * p^(e - 1) ;
power_of_2(e) = [3 * 2^(e - 1), if (e == 1, 3, e == 2, 6, 3 * 2^(e - 2))];

orders(m) = {
  my(f = factor(m), period = 1, entry = 1, o);
  for (i = 1, #f~, o = if (f[i, 1] == 2, power_of_2(f[i, 2]), power_orders(f[i, 1], f[i, 2]));
    period = lcm(period, o[1]); entry = lcm(entry, o[2]));
  [period, entry];
}

row(v, between) = strjoin([Str(x) | x <- v], between);
written(f) = strjoin(vector(#f~, i, Str(f[i, 1], "^", f[i, 2])), " ");

period_row(m) = {
  my(o = orders(m));
  write("periods.csv", m, ",", written(factor(m)), ",", o[1], ",", o[2]);
}

for (m = 2, 400, period_row(m));
for (i = 1, 300, period_row(random(10^random([3, 24])) + 2));
for (i = 1, 40, period_row(nextprime(random(10^random([5, 19])))));
for (i = 1, 30, period_row(nextprime(random(10^random([3, 7])))^random([2, 4])));
for (i = 1, 20, period_row(2^random([1, 40]) * 5^random([1, 20])));

bonacci(k, n, m) = {
  my(M = matrix(k, k, i, j, if (i == 1, 1, i == j + 1)));
  lift((Mod(M^sign(n), m)^abs(n))[k, 1]);
}

seeded(P, Q, a, b, n, m) = {
  my(M = [P, -Q; 1, 0]);
  lift((Mod(M^sign(n), m)^abs(n) * [b, a]~)[2]);
}

{for (i = 1, 400,
  my(P = random([-20, 20]), Q = random([-20, 20]), n, m, k, A, B);
  n = random(10^if (i % 2, 3, random([1, 60]))); m = random(10^random([1, 60])) + 1; k = random([2, if (i % 4, 8, 64)]);
  if (i % 3 == 0, Q = if (i % 2, 1, -1); n = -n);
  A = random([-1000, 1000]); B = random([-1000, 1000]);
  write("sequences.csv", row([P, Q, A, B, n, m, seeded(P, Q, 0, 1, n, m), seeded(P, Q, 2, P, n, m),
    seeded(1, -1, A, B, n, m), k, bonacci(k, n, m)], ",")))}

zeckendorf(N) = {
  my(L = List(), n = 2);
  while (fibonacci(n + 1) <= N, n++);
  while (N > 0, if (fibonacci(n) <= N, N -= fibonacci(n); listput(L, n)); n--);
  row(Vec(L), " ");
}

for (N = 1, 300, write("zeckendorf.csv", N, ",", zeckendorf(N)));
for (i = 1, 100, my(N = random(10^random([3, 300]))); write("zeckendorf.csv", N, ",", zeckendorf(N)));
for (n = 3, 60, write("zeckendorf.csv", fibonacci(n) - 1, ",", zeckendorf(fibonacci(n) - 1)));

\\ To periods.csv: moduli to 10^30 and 2^128 whose factorization takes long, and powers.
setrand(2);
prime_of(bits) = randomprime([2^(bits - 1), 2^bits]);
foreach ([10^30, 10^30 + 1, 2^64 - 1, 2^64, 2^64 + 1, 2^100 - 15, 2^127 - 1, 2^128 - 2, 2^128 - 1], m, period_row(m));
for (i = 1, 60, period_row(random(10^random([25, 30])) + 1));
for (bits = 64, 99, for (i = 1, 2, period_row(prime_of(bits \ 2) * prime_of((bits + 1) \ 2))));
for (bits = 64, 99, period_row(prime_of(random([15, bits \ 2])) * prime_of(bits \ 2)));
for (bits = 64, 99, period_row(prime_of(bits \ 3) * prime_of(bits \ 3) * prime_of(bits \ 3)));
for (bits = 20, 49, my(p = prime_of(bits)); period_row(p^2); period_row(p^(98 \ bits)); period_row(p^2 * prime_of(99 - 2 * bits + 2)));
for (bits = 60, 99, period_row(prime_of(bits)));
quit
