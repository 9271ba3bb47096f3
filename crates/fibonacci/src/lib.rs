//! Exact Fibonacci numbers of any size, computed directly in decimal.
