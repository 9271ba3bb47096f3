// The commands of a driver, for every queue that has a JavaScript library.
import { createInterface } from 'node:readline'

const CONNECTIONS = 64

/** Returns a text as long as F(n). */
export const textOf = n => '1'.repeat(Math.floor(n * 0.20898764) + 1)

const seconds = since => (performance.now() - since) / 1000

/** Enqueues jobs one by one, `CONNECTIONS` at a time. */
async function enqueueEach(queue, first, count) {
  let next = first
  const enqueue = async () => {
    while (next < first + count) await queue.add(next++)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, enqueue))
}

async function throughput(queue, enqueue, count) {
  const before = await queue.stored()
  const began = performance.now()
  await enqueue()
  const accepted = seconds(began)
  while (await queue.stored() < before + count) await new Promise(resolve => setTimeout(resolve, 20))
  return `${accepted} ${seconds(began)}`
}

async function latency(queue, first, count) {
  const samples = []
  for (let n = first; n < first + count; n++) {
    const began = performance.now()
    await queue.result(n)
    samples.push(performance.now() - began)
  }
  samples.sort((a, b) => a - b)
  return `${samples[Math.floor(count / 2)]} ${samples[Math.floor(count * 0.99)]}`
}

/**
 * Executes the commands of standard input. `queue` has `add(n)`, `addBulk(numbers)`, `result(n)` (adds a job and waits
 * for its result), `stored()` (the number of results), `addSlow(seconds)` and `slowResult()`.
 */
export async function drive(queue) {
  console.log('ready')
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, first, count] = line.split(' ').map((word, i) => i ? Number(word) : word)
    const numbers = Array.from({ length: count ?? 0 }, (_, i) => first + i)
    const began = performance.now()
    switch (command) {
      case 'single': console.log(await throughput(queue, () => enqueueEach(queue, first, count), count)); break
      case 'bulk': console.log(await throughput(queue, () => queue.addBulk(numbers), count)); break
      case 'latency': console.log(await latency(queue, first, count)); break
      case 'slow': await queue.addSlow(first); console.log('enqueued'); break
      case 'slow-done': await queue.slowResult(); console.log(seconds(began)); break
      default: throw new Error(`unknown command: ${line}`)
    }
  }
  process.exit()
}
