\\ Writes parts.csv and prime_indexes.csv with PARI/GP:  gp -q structure.gp
\\
\\ parts.csv: d and the primitive part of F(d), as the cyclotomic polynomial at the quotient of both roots.
\\ prime_indexes.csv: F or L, and the n up to 2000 for which it is a pseudoprime of ispseudoprime (BPSW).

a = quadgen(5); b = 1 - a;
real_part(z) = if (type(z) == "t_QUAD", component(z, 2), z);

for (d = 1, 600, write("parts.csv", d, ",", abs(real_part(subst(polcyclo(d), x, a / b) * b^eulerphi(d)))));
for (n = 0, 2000, if (ispseudoprime(fibonacci(n)), write("prime_indexes.csv", "F,", n)));
for (n = 0, 2000, if (ispseudoprime(fibonacci(n - 1) + fibonacci(n + 1)), write("prime_indexes.csv", "L,", n)));
quit
