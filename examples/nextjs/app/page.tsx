import { latestEntries } from '@/lib/entries'

export const dynamic = 'force-dynamic'

export default async function Page() {
  const entries = await latestEntries()
  return (
    <ul>
      {entries.map(({ id, author, excerpt }) => (
        <li key={id}>
          {author}: {excerpt}
        </li>
      ))}
    </ul>
  )
}
