"""Celery on Redis, with its results in Redis."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from celery import Celery, group
from celery.signals import worker_ready

CONNECTIONS = 64

redis = f"redis://127.0.0.1:{os.environ['REDIS_PORT']}"
# Its results have a database of their own, so that they can be counted.
app = Celery("celery_rival", broker=f"{redis}/0", backend=f"{redis}/1")
# Without it a job whose worker dies is lost: what is compared runs every job at least once.
app.conf.task_acks_late = True
app.conf.task_reject_on_worker_lost = True


@app.task(name="number")
def number(n):
    return "1" * (int(n * 0.20898764) + 1)


@app.task(name="slow")
def slow(seconds):
    print("slow job started", flush=True)
    time.sleep(seconds)
    return "done"


def throughput(enqueue, count):
    stored = app.backend.client.dbsize
    before, began = stored(), time.perf_counter()
    enqueue()
    accepted = time.perf_counter() - began
    while stored() < before + count:
        time.sleep(0.02)
    return f"{accepted} {time.perf_counter() - began}"


def single(first, count):
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return throughput(lambda: list(pool.map(number.delay, range(first, first + count))), count)


def bulk(first, count):
    return throughput(lambda: group(number.s(n) for n in range(first, first + count)).apply_async(), count)


def latency(first, count):
    samples = []
    for n in range(first, first + count):
        began = time.perf_counter()
        number.delay(n).get()
        samples.append((time.perf_counter() - began) * 1000)
    samples.sort()
    return f"{samples[count // 2]} {samples[int(count * 0.99)]}"


def drive():
    slow_result = None
    print("ready", flush=True)
    for line in sys.stdin:
        command, *numbers = line.split()
        began = time.perf_counter()
        if command == "slow":
            slow_result = slow.delay(float(numbers[0]))
            print("enqueued", flush=True)
        elif command == "slow-done":
            slow_result.get()
            print(time.perf_counter() - began, flush=True)
        else:
            measure = {"single": single, "bulk": bulk, "latency": latency}[command]
            print(measure(*map(int, numbers)), flush=True)


if sys.argv[1] == "worker":
    worker_ready.connect(lambda **_: print("worker ready", flush=True), weak=False)
    app.worker_main(["worker", "--loglevel=WARNING"])
else:
    drive()
