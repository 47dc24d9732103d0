import { AfterPartyError, messageOf } from '../define/errors.js'

/** What Node throws when the system refuses something: a file that may not be read, a disk that is full. */
interface SystemError {
  message: string
  code: string
  syscall: string
  path?: string
}

const REASONS: Record<string, string> = {
  EACCES: 'This user is not allowed to.',
  EPERM: 'This user is not allowed to.',
  EROFS: 'It is on a file system that is read-only.',
  ENOSPC: 'The disk is full.',
  EDQUOT: 'The quota of this user is used up.',
  EMFILE: 'This process has too many files open.',
  ENFILE: 'This machine has too many files open.',
  ENAMETOOLONG: 'Its name is too long.',
  ENOTDIR: 'A part of its path is a file.',
  EISDIR: 'It is a directory.',
  ELOOP: 'Its symbolic links lead back to themselves.',
  ENOENT: 'It is not there.',
  EEXIST: 'There is something in its place.',
  EIO: 'The disk does not answer.',
}

/** An error of the file system as one that says what to do; anything else as it is. */
export function asFileError(error: unknown): unknown {
  if (!isSystemError(error)) return error
  const what = error.path === undefined ? 'The system refused an operation' : `Can't ${verbOf(error)} ${error.path}`
  const reason = REASONS[error.code]
  return new AfterPartyError('file-unusable', {
    what: `${what} (${error.code}).`,
    why: [reason, messageOf(error)].filter(Boolean).join('\n'),
    next: 'Fix that, then run the command again.',
    cause: error,
  })
}

/** Does something with files, and says what is wrong where the system refuses it. */
export async function usingFiles<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asFileError(error)
  }
}

function verbOf({ syscall, message }: SystemError): string {
  if (/^(mkdir|rmdir|unlink|rm|rename|copyfile|write|ftruncate)$/.test(syscall)) return 'write'
  // Node does not tell what a file was opened for.
  return syscall === 'open' && /EROFS|ENOSPC|EDQUOT|EEXIST/.test(message) ? 'write' : 'open'
}

/** Duck-typed, as Node's errors come from outside wherever modules have a realm of their own. */
function isSystemError(error: unknown): error is SystemError {
  if (typeof error !== 'object' || error === null || !('code' in error && 'syscall' in error && 'errno' in error))
    return false
  return typeof error.code === 'string' && typeof error.syscall === 'string' && typeof error.errno === 'number'
}
