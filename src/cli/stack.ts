import { fileURLToPath } from 'node:url'
import { shownPath } from '../project/shown-path.js'

/** Whether a line of an error's text is a frame of its stack. */
export function isFrame(line: string): boolean {
  return /^\s+at /.test(line)
}

/** The first frames that are in the team's own code: where a reader looks first. Their files as paths from here. */
export function ownFrames(lines: readonly string[]): string[] {
  return lines
    .filter((line) => isFrame(line) && !/node_modules|node:|after-party[\\/](dist|src)/.test(line))
    .slice(0, 3)
    .map((frame) => frame.replace(FILE_URL, (url) => shownPath(fileURLToPath(url))))
}

const FILE_URL = /file:\/\/\/.+?(?=:\d+:\d+\)?$)/
