import 'server-only'
import { prisma } from '@/lib/prisma'

/** The start of a text, as the front page shows it. */
export function excerptOf(text: string): string {
  return text.length > 30 ? `${text.slice(0, 29).trimEnd()}…` : text
}

export function latestEntries() {
  return prisma.entry.findMany({ orderBy: { id: 'desc' }, take: 20 })
}
