"""Writes facts.csv and ends.csv: facts about F(n) for n to 10^1000, from gmpy2 and mpmath.

    python3 facts.py [CASES] [SEED]        # 400 cases, seed 1

Residues come from powers of the matrix ((1, 1), (1, 0)), the highest digits from mpmath's logarithm at 50 digits
more than needed, valuations from residues modulo a power of p. facts.csv: n, number of digits, first and last 50 digits,
a modulus, the residue, the exponents of 2, 3 and 5. ends.csv: n, and the first and last 10,000 digits modulo 2^61 − 1.
"""

import random
import sys

import gmpy2
import mpmath

CHECK = 2**61 - 1


def residue(n, m):
    """F(n) modulo m for n ≥ 0, by powers of a matrix."""
    m = gmpy2.mpz(m)
    a, b, c, d = gmpy2.mpz(1) % m, gmpy2.mpz(0), gmpy2.mpz(0), gmpy2.mpz(1) % m
    for bit in bin(n)[2:]:
        a, b, c, d = (a * a + b * c) % m, b * (a + d) % m, c * (a + d) % m, (b * c + d * d) % m
        if bit == "1":
            a, b, c, d = (a + b) % m, a, (c + d) % m, c
    return int(b)


def leading(n, count):
    """The number of digits of F(n) and the first `count`, as many as there are."""
    if n <= 100_000:
        text = str(gmpy2.fib(n))
        return len(text), text[:count]
    with mpmath.workdps(count + len(str(n)) + 50):
        log = n * mpmath.log10(mpmath.phi) - mpmath.log10(5) / 2
        whole = int(mpmath.floor(log))
        return whole + 1, str(int(mpmath.floor(mpmath.power(10, log - whole) * mpmath.mpf(10) ** (count - 1))))


def last(n, count):
    text = str(residue(n, 10**count)).zfill(count)
    return text[-min(count, leading(n, 1)[0]):]


def valuation(n, p):
    value, exponent = residue(n, p ** (gmpy2.remove(n, p)[1] + 20)), 0
    assert value
    while value % p == 0:
        value, exponent = value // p, exponent + 1
    return exponent


def indexes(cases):
    yield from range(60)
    for exponent in (3, 5, 6, 9, 12, 18, 19, 20, 38, 100, 500, 1000):
        yield from (10**exponent - 1, 10**exponent)
    for exponent in (11, 31, 32, 63, 64, 65, 127, 128, 3321):
        yield from (2**exponent - 1, 2**exponent, 2**exponent + 1)
    for case in range(cases):
        n = random.randrange(10 ** random.randrange(1, 1000 if case % 2 else 30))
        if case % 3 == 0:
            n *= 2 ** random.randrange(60) * 3 ** random.randrange(30) * 5 ** random.randrange(30)
        yield min(n, 10**1000)


def main():
    cases, seed = (int(x) for x in (sys.argv[1:] + ["400", "1"][len(sys.argv) - 1:])[:2])
    random.seed(seed)
    sys.set_int_max_str_digits(0)
    with open("facts.csv", "w") as table:
        for n in indexes(cases):
            digits, first = leading(n, 50)
            modulus = random.randrange(1, 10 ** random.randrange(1, 80))
            sign = random.choice((1, -1))
            value = residue(n, modulus)
            if sign < 0 and n % 2 == 0:
                value = -value % modulus
            exponents = [valuation(n, p) for p in (2, 3, 5)] if n else ["", "", ""]
            print(sign * n, digits, first, last(n, 50), modulus, value, *exponents, sep=",", file=table)
    with open("ends.csv", "w") as table:
        for exponent in (4.6999, 4.8, 5, 6, 9, 15, 18, 30, 100, 999):
            n = int(mpmath.power(10, exponent)) + random.randrange(1000)
            first, final = leading(n, 10_000)[1], last(n, 10_000)
            print(n, int(first[:10_000]) % CHECK, int(final) % CHECK, sep=",", file=table)


main()
