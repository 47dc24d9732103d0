/** A text that is the same twice: without versions, times, owners, and the spaces that fit columns to them. */
export function steady(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<date>')
    .replaceAll(/\b\d{14}\b/g, '<version>')
    .replaceAll(/\b[\d.]+m?s\b/g, '<time>')
    .replaceAll(/\S+:\d+:[0-9a-f]{8}\b/g, '<owner>')
    .split('\n')
    .map((line) => line.trim().replaceAll(/ +/g, ' '))
    .filter((line) => line !== '')
    .join('\n')
}
