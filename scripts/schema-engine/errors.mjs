/** An error with one of Prisma's codes, which the CLI prints as `Error: P1001 ...`. */
export class UserFacingError extends Error {
  /**
   * @param {string | undefined} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message)
    this.name = 'UserFacingError'
    this.code = code
  }
}

/**
 * The same codes and words as the binary's, for what a driver adapter reports while connecting.
 *
 * @param {any} error
 * @param {{ database?: string, user?: string, address?: string }} [target]
 * @returns {Error}
 */
export function toUserFacing(error, target = {}) {
  if (error instanceof UserFacingError) return error
  const cause = error?.name === 'DriverAdapterError' ? error.cause : undefined
  switch (cause?.kind) {
    case 'AuthenticationFailed':
      return new UserFacingError(
        'P1000',
        `Authentication failed against database server, the provided database credentials for \`${cause.user ?? target.user ?? '(not available)'}\` are not valid.\n\nPlease make sure to provide valid database credentials for the database server at the configured address.`,
      )
    case 'DatabaseNotReachable':
      return unreachable(target.address ?? '(not available)')
    case 'DatabaseDoesNotExist':
      return databaseMissing(cause.db ?? target.database)
    case 'DatabaseAlreadyExists':
      return new UserFacingError(
        'P1009',
        `Database \`${cause.db ?? target.database}\` already exists on the database server`,
      )
    case 'DatabaseAccessDenied':
      return new UserFacingError('P1010', `User was denied access on the database \`${cause.db ?? target.database}\``)
    case 'TlsConnectionError':
      return new UserFacingError('P1011', `Error opening a TLS connection: ${cause.reason}`)
    case 'SocketTimeout':
      return new UserFacingError('P1008', 'Operations timed out')
    case 'ConnectionClosed':
      return new UserFacingError('P1017', 'Server has closed the connection.')
    default:
      return new UserFacingError(
        typeof error?.code === 'string' && /^P\d{4}$/.test(error.code) ? error.code : undefined,
        databaseMessage(error),
      )
  }
}

/**
 * The database's own words, wherever the adapter put them.
 *
 * @param {any} error
 * @returns {string}
 */
export function databaseMessage(error) {
  const message = error?.cause?.originalMessage ?? error?.cause?.message ?? error?.message ?? String(error)
  return message.replace(/^SQLITE_\w+: /, '')
}

/** @param {string} address `host:port` */
export function unreachable(address) {
  return new UserFacingError(
    'P1001',
    `Can't reach database server at \`${address}\`\n\nPlease make sure your database server is running at \`${address}\`.`,
  )
}

/** @param {string | undefined} name */
export function databaseMissing(name) {
  return new UserFacingError('P1003', `Database \`${name ?? '(not available)'}\` does not exist`)
}
