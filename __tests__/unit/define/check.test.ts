import { describe, expect, test } from '@jest/globals'
import { checkTask } from '../../../src/define/check.js'
import { defineTask } from '../../../src/define/task.js'

const run = () => {}
const faults = (options: object) => {
  const checked = checkTask({ kind: 'task', run, ...options })
  return 'faults' in checked ? checked.faults : []
}

describe('a task file’s default export', () => {
  test('that is a task is taken as it is', () => {
    const task = defineTask({
      description: 'All of it',
      everyDeploy: true,
      environments: ['production'],
      onFresh: 'run',
      transaction: { timeout: '1m', maxWait: 500, isolationLevel: 'Serializable' },
      timeout: '10m',
      retry: { attempts: 3, delay: '1s' },
      when: () => true,
      run,
    })
    expect(checkTask(task)).toEqual({ task })
    expect(checkTask(defineTask({ run }))).toHaveProperty('task')
  })

  test('that is missing says what to write', () => {
    expect(checkTask(undefined)).toEqual({
      faults: ['has no default export: add `export default defineTask({ … })`'],
    })
  })

  test.each([[null], [7], ['task'], [() => {}], [{}], [{ run }], [{ kind: 'config', run }]])(
    'that is %p is not a task',
    (exported) => {
      expect(checkTask(exported)).toEqual({ faults: [expect.stringContaining('its default export is not a task')] })
    },
  )

  test.each([
    [{ everyDeply: true }, 'everyDeply is not an option of a task: did you mean everyDeploy?'],
    [{ environment: ['x'] }, 'environment is not an option of a task: did you mean environments?'],
    [{ run: undefined }, 'run must be a function'],
    [{ run: 'later' }, 'run must be a function'],
    [{ description: 7 }, 'description must be a string'],
    [{ everyDeploy: 'yes' }, 'everyDeploy must be true or false'],
    [{ environments: 'production' }, 'environments must be a list of strings'],
    [{ environments: [7] }, 'environments.0 must be a string'],
    [{ tags: 'billing' }, 'tags must be a list of words'],
    [{ tags: [] }, 'tags must have at least one tag'],
    [{ tags: ['billing', 'two words'] }, 'tags.1 must be a word without spaces and commas'],
    [{ tags: ['a,b'] }, 'tags.0 must be a word without spaces and commas'],
    [{ onFresh: 'skip' }, "onFresh must be 'run' or 'baseline'"],
    [
      { everyDeploy: true, onFresh: 'baseline' },
      "`everyDeploy` and `onFresh: 'baseline'` can't be combined: remove one",
    ],
    [{ timeout: 'soon' }, 'timeout must be a duration, such as 500, "10s" or "5m"'],
    [{ transaction: 'yes' }, 'transaction must be true, false or { timeout, maxWait, isolationLevel }'],
    [{ transaction: { timeoot: 1 } }, 'transaction.timeoot is not an option of a task'],
    [{ retry: 3 }, 'retry must be { attempts, delay }'],
    [{ retry: {} }, 'retry.attempts is missing'],
    [{ retry: { attempts: 0 } }, 'retry.attempts must be 1 or more'],
    [{ retry: { attempts: 1.5 } }, 'retry.attempts must be a whole number'],
    [{ retry: { attempts: 3, delay: -1 } }, 'retry.delay must be a duration, such as 500, "10s" or "5m"'],
  ])('%p is told in a sentence', (options, sentence) => {
    expect(faults(options)).toEqual([sentence])
  })

  test('is told all its faults at once', () => {
    expect(faults({ everyDeply: true, timeout: 'soon', run: 3 })).toHaveLength(3)
  })
})
