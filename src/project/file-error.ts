import { AfterPartyError, messageOf } from '../define/errors.js'

/** What Node throws when the system refuses something: a file that may not be read, a disk that is full. */
interface SystemError {
  message: string
  code: string
  syscall: string
  path?: string
}

const REASONS: Record<string, string> = {
  EACCES: 'This user does not have permission.',
  EPERM: 'This user does not have permission.',
  EROFS: 'The file system is read-only.',
  ENOSPC: 'The disk is full.',
  EDQUOT: 'The disk quota of this user is full.',
  EMFILE: 'This process has too many files open.',
  ENFILE: 'This machine has too many files open.',
  ENAMETOOLONG: 'The file name is too long.',
  ENOTDIR: 'Part of the path is a file.',
  EISDIR: 'It is a directory.',
  ELOOP: 'Its symbolic links form a loop.',
  ENOENT: 'It does not exist.',
  EEXIST: 'It already exists.',
  EIO: 'The disk reported an I/O error.',
}

/** An error of the file system as one that says what to do; anything else as it is. */
export function asFileError(error: unknown): unknown {
  if (!isSystemError(error)) return error
  const what = error.path === undefined ? 'The system refused an operation' : `Can't ${verbOf(error)} ${error.path}`
  const reason = REASONS[error.code]
  return new AfterPartyError('file-unusable', {
    what: `${what} (${error.code}).`,
    why: [reason, messageOf(error)].filter(Boolean).join('\n'),
    next: 'Fix the cause and run the command again.',
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
