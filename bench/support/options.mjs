import { parseArgs } from 'node:util'

const HELP = `npm run bench -- [options]

  --full               10k, 100k and 1M rows, instead of 10k
  --rows 10000,50000   these sizes instead
  --databases a,b      of postgresql, mariadb, sqlite (all)
  --measures a,b       of backfill, batches, memory, network, same-for-all, latency, concurrency, workers, pause, tasks, startup (all)
  --batch 500          rows in a batch, of backfill and concurrency
  --contestants a,b    of a backfill: 'After Party', 'raw keyset loop', … (all)
  --rounds 3           how often each contestant runs on a table
  --starts 11          how often each command is started
  --slice 2000         rows of the contestants that write row by row, where the table has more; 10,000 with --full
  --write              puts the tables into docs/performance.md

Servers: BENCH_POSTGRES_URL (postgresql://postgres@127.0.0.1:5432/postgres), BENCH_MARIADB_URL (mysql://root@127.0.0.1:3306)
`

/**
 * What to measure, and how often.
 *
 * @typedef {ReturnType<typeof readOptions>} Options
 * @param {string[]} args
 */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      rows: { type: 'string' },
      databases: { type: 'string', default: 'postgresql,mariadb,sqlite' },
      measures: {
        type: 'string',
        default: 'backfill,batches,memory,network,same-for-all,latency,concurrency,workers,pause,tasks,startup',
      },
      contestants: { type: 'string', default: '' },
      batch: { type: 'string', default: '500' },
      rounds: { type: 'string', default: '3' },
      starts: { type: 'string', default: '11' },
      slice: { type: 'string' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    process.exit()
  }
  return {
    write: values.write,
    rows: list(values.rows ?? (values.full ? '10000,100000,1000000' : '10000')).map(Number),
    databases: list(values.databases),
    measures: list(values.measures),
    contestants: list(values.contestants),
    batch: Number(values.batch),
    rounds: Number(values.rounds),
    starts: Number(values.starts),
    slice: Number(values.slice ?? (values.full ? 10_000 : 2000)),
  }
}

/** @param {string} text */
function list(text) {
  return text.split(',').filter(Boolean)
}
