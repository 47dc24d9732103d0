import path from 'node:path'

/** A path as configs and messages write it: relative, with forward slashes; `.` for the folder itself. */
export function shownPath(file: string, from = process.cwd()): string {
  return path.relative(from, file).replaceAll('\\', '/') || '.'
}
