#!/usr/bin/env python3
"""Sends requests like a browser's until it is stopped, and counts lost ones.

    load.py URL STOP_FILE       stops when STOP_FILE exists; prints one line of JSON

Each of 8 threads requests a small F(n), waits for its value, and compares it. A request is lost if the first attempt
does not return the right value; there are no retries.
"""
import json
import os
import random
import sys
import threading
import time
import urllib.error
import urllib.request


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return str(a)


EXPECTED = {n: fibonacci(n) for n in range(90, 2000)}
lock = threading.Lock()
asked, lost, wrong, kinds, answered_at = 0, 0, 0, {}, []


def ask(url, n):
    body = json.dumps({"index": str(n)}).encode()
    request = urllib.request.Request(f"{url}/api/calculations", body, {"Content-Type": "application/json", "Prefer": "wait=20"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        if answer.status == 202:
            return "202"
    with urllib.request.urlopen(f"{url}/api/calculations/{n}/value", timeout=30) as answer:
        return answer.read().decode()


def loop(url, stop):
    global asked, lost, wrong
    while not os.path.exists(stop):
        n = random.randrange(90, 2000)
        try:
            value, kind = ask(url, n), None
        except urllib.error.HTTPError as error:
            value, kind = None, f"HTTP {error.code}"
        except OSError as error:
            value, kind = None, type(getattr(error, "reason", error)).__name__
        with lock:
            asked += 1
            if value == EXPECTED[n]:
                answered_at.append(time.monotonic())
            elif value is None or value == "202":
                lost += 1
                kinds[kind or "202 only"] = kinds.get(kind or "202 only", 0) + 1
            else:
                wrong += 1
        # Without a pause the count of lost requests would depend on how fast connections are refused.
        time.sleep(0.05)


def main():
    url, stop = sys.argv[1:]
    begun = time.monotonic()
    threads = [threading.Thread(target=loop, args=(url, stop)) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    times = sorted([begun, *answered_at, time.monotonic()])
    gap = max((later - earlier for earlier, later in zip(times, times[1:])), default=0)
    print(json.dumps({"asked": asked, "lost": lost, "wrong": wrong, "how": kinds, "longest_silence_s": round(gap, 1), "seconds": round(times[-1] - begun)}))


main()
