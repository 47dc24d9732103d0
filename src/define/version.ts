/** The version of this package, as its package.json has it; a test keeps them the same. */
export const VERSION = '0.1.0'
