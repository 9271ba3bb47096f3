\\ Writes factored.csv with PARI/GP:  gp -q factored.gp
\\
\\ d, and the prime factors of the primitive part of F(d) in ascending order, for parts above 10^15. Each is proven prime by
\\ isprime (APR-CL, ECPP).

part(d) = {my(z = 1); fordiv(d, k, z *= fibonacci(d / k)^moebius(k)); z};
{
for (d = 1, 300,
  my(p = part(d));
  if (p > 10^15,
    my(f = factor(p), line = Str(d));
    for (i = 1, #f~, for (j = 1, f[i, 2], if (!isprime(f[i, 1]), error("not prime")); line = concat(line, Str(",", f[i, 1]))));
    write("factored.csv", line)))
}
quit
