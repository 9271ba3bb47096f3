"""Writes limit.csv, golden.csv and polynomials.csv with mpmath, gmpy2 and sympy:  python3 limit.py [SEED]

limit.csv: n, a number of places, F(n+1)/F(n) cut off there (gmpy2), and how many places of it are those of φ (mpmath).
golden.csv: n, ⌊n·φ⌋, ⌊n·φ²⌋ (mpmath, with 50 digits more than needed), and 20 characters of
the golden string from n on, by the definition ⌊(k+2)·φ⌋ − ⌊(k+1)·φ⌋ = 2 for a 0. polynomials.csv: F or L, n, and the
coefficients of the polynomial, the lowest first (sympy).
"""

import random
import sys

import gmpy2
import mpmath
import sympy

random.seed(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
sys.set_int_max_str_digits(0)


def cut(numerator, denominator, places):
    digits = str(numerator * 10**places // denominator)
    return digits if places == 0 else digits[:-places] + "." + digits[-places:]


def phi(places):
    with mpmath.workdps(places + 50):
        return int(mpmath.floor(mpmath.phi * mpmath.mpf(10) ** places))


def agreeing(n):
    places = n + 40
    ratio, golden = str(gmpy2.fib(n + 1) * gmpy2.mpz(10) ** places // gmpy2.fib(n)), str(phi(places))
    return next(k for k in range(places + 1) if ratio[k] != golden[k]) - 1


with open("limit.csv", "w") as table:
    for case in range(300):
        n, places = (case + 1, random.randrange(60)) if case < 100 else (random.randrange(1, 5_000), random.randrange(400))
        ratio = cut(gmpy2.fib(n + 1), gmpy2.fib(n), places)
        # F(3)/F(2) = 2 differs before the point.
        print(n, places, ratio, max(agreeing(n), 0), sep=",", file=table)

with open("golden.csv", "w") as table:
    for case in range(300):
        n = case if case < 100 else random.randrange(10 ** random.randrange(1, 200))
        with mpmath.workdps(len(str(n)) + 50):
            floor = lambda k: int(mpmath.floor(k * mpmath.phi))
            characters = "".join("0" if floor(k + 2) - floor(k + 1) == 2 else "1" for k in range(n, n + 20))
            print(n, floor(n), floor(n) + n, characters, sep=",", file=table)

x = sympy.Symbol("x")
with open("polynomials.csv", "w") as table:
    for name, polynomial in (("F", sympy.fibonacci), ("L", sympy.lucas)):
        for n in list(range(1, 40)) + [64, 99, 100, 151]:
            if name == "F":
                expression = polynomial(n, x)
            else:
                # sympy has Lucas numbers, not polynomials: L(n, x) = F(n−1, x) + F(n+1, x).
                expression = sympy.expand((sympy.fibonacci(n - 1, x) if n > 1 else 0) + sympy.fibonacci(n + 1, x))
            coefficients = reversed(sympy.Poly(expression, x).all_coeffs())
            print(name, n, " ".join(map(str, coefficients)), sep=",", file=table)
