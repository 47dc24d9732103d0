import type { Gate } from '../../deploy/pending-migrations.js'

/** Tasks that a migration requires, each with its state. */
export function describeGates(gates: readonly Pick<Gate, 'name' | 'state'>[]): string {
  return gates.map(({ name, state }) => `${name} (${state})`).join(', ')
}
