const SUBJECTS = [
  'Crème brûlée',
  'Żółw and hare',
  'Ångström units',
  'Jalapeño salsa',
  'Straße 12',
  '東京 by night',
  'Naïve Bayes',
]
const TURNS = [
  'in ten minutes',
  'without tears',
  'for beginners',
  'revisited',
  '– a love story',
  '& friends',
  '🚀 at scale',
]

/**
 * The title of one of the demo's posts. Like titles that people type: accents, emoji, the same one again and again,
 * blanks, and some of 300 characters. Always the same for the same number.
 *
 * @param {number} n
 */
export function titleOf(n) {
  const subject = SUBJECTS[n % SUBJECTS.length]
  const turn = TURNS[Math.floor(n / SUBJECTS.length) % TURNS.length]
  switch (n % 50) {
    case 0:
      return n % 100 === 0 ? '' : '   '
    case 1:
      return '🎉🎊🥳'
    case 2:
      return `${subject} ${turn} `.repeat(20).slice(0, 299).padEnd(300, '!')
    case 3:
    case 4:
    case 5:
      return 'Hello, world'
    default:
      return `${subject} ${turn}`
  }
}
