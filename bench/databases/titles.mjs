/** How many titles there are; the number of the row makes each its own. */
export const TITLES = [
  'Getting started with %',
  'Ten things nobody tells you about %',
  'Où est passé le numéro %?',
  'A very long title that goes on, and on, and on, as the titles of some people do, about number %',
  'Übergrößen & Zubehör (Nr. %)',
]

/** A title for row `i`, as SQL. @param {(text: string) => string} join How the database puts `i` between two texts. */
export function titleSql(join) {
  const cases = TITLES.map((title, at) => `WHEN ${at} THEN ${join(title)}`)
  return `CASE i % ${TITLES.length} ${cases.join(' ')} END`
}
