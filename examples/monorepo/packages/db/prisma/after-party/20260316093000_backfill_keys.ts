import { defineBackfill } from 'after-party'

export default defineBackfill({
  description: 'Give every team a key',
  model: 'team',
  where: { key: null },
  select: { id: true, name: true },
  update: ({ id, name }) => ({ key: `${name.replace(/\W/g, '').slice(0, 3).toUpperCase()}-${id}` }),
  verify: true,
})
