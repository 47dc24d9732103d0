import { CommandFailed } from './command.mjs'

/**
 * Demands that `init` warned of what it has to warn of in this project, and of nothing else.
 *
 * @param {string} stderr
 * @param {RegExp[]} wanted
 */
export function checkWarnings(stderr, wanted) {
  const warnings = stderr.split('\n').filter((line) => line.startsWith('⚠'))
  const wrong = warnings.filter((line) => !wanted.some((pattern) => pattern.test(line)))
  if (wrong.length > 0) throw new CommandFailed('`init` has a warning that is wrong for this project', stderr)
  const missing = wanted.filter((pattern) => !warnings.some((line) => pattern.test(line)))
  if (missing.length > 0) throw new CommandFailed(`\`init\` doesn't warn of ${missing.join(', ')}`, stderr)
}
