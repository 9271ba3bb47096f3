// BullMQ on Redis.
import { Queue, QueueEvents, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { drive, textOf } from './driver.mjs'

const connection = new Redis({ host: '127.0.0.1', port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null })

if (process.argv[2] === 'worker') {
  const worker = new Worker('numbers', async job => {
    if (job.data.seconds) {
      console.log('slow job started')
      await new Promise(resolve => setTimeout(resolve, job.data.seconds * 1000))
      return 'done'
    }
    return textOf(job.data.n)
  // The concurrency that its documentation gives for jobs that wait for input and output.
  }, { connection, concurrency: 50 })
  process.on('SIGTERM', () => worker.close().then(() => process.exit()))
  await worker.waitUntilReady()
  console.log('worker ready')
} else {
  const queue = new Queue('numbers', { connection })
  const events = new QueueEvents('numbers', { connection })
  await events.waitUntilReady()
  let slow
  await drive({
    add: n => queue.add('n', { n }),
    addBulk: numbers => queue.addBulk(numbers.map(n => ({ name: 'n', data: { n } }))),
    result: async n => (await queue.add('n', { n })).waitUntilFinished(events),
    stored: () => queue.getCompletedCount(),
    addSlow: async seconds => { slow = await queue.add('slow', { seconds }) },
    slowResult: () => slow.waitUntilFinished(events),
  })
}
