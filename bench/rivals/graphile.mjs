// graphile-worker on PostgreSQL.
import { makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import { drive, textOf } from './driver.mjs'

const pgPool = new pg.Pool({ max: 25 })
const store = 'insert into results (n, value) values ($1, $2)'

if (process.argv[2] === 'worker') {
  const runner = await run({
    // The settings of its documentation's page on performance.
    preset: { worker: { concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
    pgPool,
    taskList: {
      number: ({ n }, { query }) => query(store, [n, textOf(n)]),
      // Its results are announced, as nothing else would tell the one who waits.
      announced: ({ n }, { query }) => query(`with stored as (${store} returning n) select pg_notify('stored', n::text) from stored`, [n, textOf(n)]),
      slow: async ({ seconds }, { query }) => {
        console.log('slow job started')
        await new Promise(resolve => setTimeout(resolve, seconds * 1000))
        await query(`with stored as (${store} returning n) select pg_notify('stored', n::text) from stored`, [0, 'done'])
      },
    },
  })
  console.log('worker ready')
  await runner.promise
} else {
  await pgPool.query('create table if not exists results (n bigint primary key, value text not null)')
  const utils = await makeWorkerUtils({ pgPool })
  await utils.migrate()
  const listener = new pg.Client()
  await listener.connect()
  await listener.query('listen stored')
  const waiting = new Map()
  listener.on('notification', ({ payload }) => waiting.get(payload)?.())
  const stored = n => new Promise(resolve => waiting.set(String(n), resolve))
  let slow
  await drive({
    add: n => utils.addJob('number', { n }),
    addBulk: numbers => utils.addJobs(numbers.map(n => ({ identifier: 'number', payload: { n } }))),
    result: async n => {
      const done = stored(n)
      await utils.addJob('announced', { n })
      await done
    },
    stored: async () => Number((await pgPool.query('select count(*) from results')).rows[0].count),
    addSlow: async seconds => {
      slow = stored(0)
      await utils.addJob('slow', { seconds })
    },
    slowResult: () => slow,
  })
}
