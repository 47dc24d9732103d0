/** @param {readonly number[]} numbers */
export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** A time for people. @param {number} ms */
export function time(ms) {
  if (ms < 10) return `${ms.toFixed(2)} ms`
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

/** The median, with the least and the most. @param {readonly number[]} times @param {(value: number) => string} [write] */
export function spread(times, write = time) {
  if (times.length === 1) return write(times[0])
  return `${write(median(times))} (${write(Math.min(...times))}–${write(Math.max(...times))})`
}

/** How many times as long. @param {number} value @param {number} of */
export function ratio(value, of) {
  const times = value / of
  return `${times.toFixed(times < 10 ? 2 : 0)}×`
}

/** @param {number} rows */
export function thousands(rows) {
  return Math.round(rows).toLocaleString('en-US')
}

/** @param {number} kilobytes */
export function megabytes(kilobytes) {
  return `${(kilobytes / 1024).toFixed(0)} MB`
}
