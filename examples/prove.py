#!/usr/bin/env python3
"""Gets F(N) from a running system and proves its digits, with the standard library only.

    python3 examples/prove.py [N] [URL]      N is 100000 and URL http://localhost:3050 if they are left out

The proof computes F(N) modulo random primes of 61 bits in another way than the server, and compares it with the same
residue of the digits. A wrong text passes three primes with probability below 2^-160.
"""
import json
import secrets
import sys
import time
import urllib.error
import urllib.request


def call(url, body=None):
    """Sends a request and returns the response; waits and repeats it while the server is busy."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", "Prefer": "wait=10"})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            if error.code not in (429, 503):
                sys.exit(f"{url}: {error.code} {problem['title']}: {problem.get('detail') or problem.get('allowed')}")
            time.sleep(int(error.headers.get("Retry-After", "1")))


def fibonacci_modulo(n, p):
    """F(n) mod p by fast doubling: F(2k) = F(k)(2F(k+1) - F(k)), F(2k+1) = F(k)^2 + F(k+1)^2."""
    a, b = 0, 1
    for bit in f"{abs(n):b}":
        a, b = a * (2 * b - a) % p, (a * a + b * b) % p
        if bit == "1":
            a, b = b, (a + b) % p
    return -a % p if n < 0 and n % 2 == 0 else a


def residue(text, p):
    """The number that the text stands for, mod p."""
    digits, remainder = text.removeprefix("-"), 0
    for at in range(0, len(digits), 1000):
        piece = digits[at : at + 1000]
        remainder = (remainder * pow(10, len(piece), p) + int(piece)) % p
    return -remainder % p if text.startswith("-") else remainder


def is_prime(p):
    """Miller-Rabin; with these bases it is exact below 2^64."""
    odd, twos = p - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    powers = ([pow(base, odd << k, p) for k in range(twos)] for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37))
    return all(power[0] == 1 or p - 1 in power for power in powers)


def random_prime():
    while True:
        candidate = 1 << 60 | secrets.randbits(60) | 1
        if is_prime(candidate):
            return candidate


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    url = sys.argv[2].rstrip("/") if len(sys.argv) > 2 else "http://localhost:3050"
    calculation = json.loads(call(f"{url}/api/calculations", {"index": str(n)}))
    while calculation["status"] in ("queued", "running"):
        print(f"F({n}) is {calculation['status']}, {100 * (calculation['progress'] or 0):.0f} %")
        time.sleep(1)
        calculation = json.loads(call(f"{url}/api/calculations/{n}"))
    if calculation["status"] != "done":
        sys.exit(f"F({n}) is {calculation['status']}: {calculation['failure']}")
    text = call(url + calculation["links"]["value"]).decode()
    for prime in (random_prime() for _ in range(3)):
        if residue(text, prime) != fibonacci_modulo(n, prime):
            sys.exit(f"the digits are not those of F({n}): they differ modulo {prime}")
        print(f"F({n}) = {residue(text, prime)} (mod {prime}), computed in two ways")
    print(f"F({n}) has {calculation['digits']} digits: {text[:20]}…{text[-20:]}" if len(text) > 40 else f"F({n}) = {text}")


if __name__ == "__main__":
    main()
