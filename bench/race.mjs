// Times what `views/speed.rs` compares with: the recursion of the original, Python's own integers, and GMP through gmpy2.
import { spawnSync } from "node:child_process";

const MEDIAN_OF = 3;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

// The function of the original, which begins with 1, 1, 2.
function recursion(n) {
  return n < 2 ? 1 : recursion(n - 1) + recursion(n - 2);
}

for (const n of [30, 35, 40]) {
  const times = Array.from({ length: MEDIAN_OF }, () => {
    const begin = performance.now();
    recursion(n);
    return performance.now() - begin;
  });
  console.log(`the original's recursion, Node.js ${process.versions.node}, index ${n}: ${median(times).toFixed(1)} ms`);
}

const PYTHON = `
import statistics, sys, time
sys.set_int_max_str_digits(0)

def doubling(n):
    a, b = 0, 1
    for bit in bin(n)[2:]:
        a, b = a * (2 * b - a), a * a + b * b
        if bit == "1":
            a, b = b, a + b
    return a

def timed(name, compute, n):
    times = []
    for _ in range(${MEDIAN_OF}):
        begin = time.perf_counter()
        str(compute(n))
        times.append(time.perf_counter() - begin)
    print(f"{name}, n = {n:,}: {statistics.median(times) * 1e3:.1f} ms", flush=True)

for n in (10**5, 10**6):
    timed(f"Python {sys.version.split()[0]}", doubling, n)
try:
    import gmpy2
except ImportError:
    print("gmpy2 is not installed")
else:
    for n in (10**5, 10**6, 10**7, *(10**int(power) for power in sys.argv[1:])):
        timed(f"GMP {gmpy2.mp_version().split()[1]} through gmpy2", gmpy2.fib, n)
`;
spawnSync("python3", ["-c", PYTHON, ...process.argv.slice(2)], { stdio: "inherit" });
