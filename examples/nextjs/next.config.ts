import type { NextConfig } from 'next'

const config: NextConfig = {
  // A native module: Next.js must not bundle it.
  serverExternalPackages: ['@prisma/adapter-libsql', '@libsql/client', 'libsql'],
}

export default config
