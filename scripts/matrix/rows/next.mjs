import { buildsTheSame } from '../build.mjs'

const LIB = `import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaClient } from '../generated/prisma/client'

const globalForPrisma = globalThis as unknown as { prisma: PrismaClient | undefined }

export const prisma =
  globalForPrisma.prisma ??
  new PrismaClient({ adapter: new PrismaLibSql({ url: process.env.DATABASE_URL!, timeout: 5000 }) })

if (process.env.NODE_ENV !== 'production') globalForPrisma.prisma = prisma
`

const FILES = {
  'src/greeting.ts': null,
  'lib/prisma.ts': LIB,
  'lib/greeting.ts': `import 'server-only'

export function greeting(name: string): string {
  return \`hello \${name}\`
}
`,
  'app/layout.tsx': `import type { ReactNode } from 'react'

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
`,
  'app/page.tsx': `import { greeting } from '@/lib/greeting'
import { prisma } from '@/lib/prisma'

export const dynamic = 'force-dynamic'

export default async function Page() {
  return <p>{greeting(String(await prisma.note.count()))}</p>
}
`,
  'app/api/notes/route.ts': `import { prisma } from '@/lib/prisma'

export const dynamic = 'force-dynamic'

export const GET = async () => Response.json(await prisma.note.findMany())
`,
  'next.config.ts': `import type { NextConfig } from 'next'

const config: NextConfig = { serverExternalPackages: ['@prisma/adapter-libsql', '@libsql/client', 'libsql'] }

export default config
`,
  // As create-next-app writes it.
  'tsconfig.json': `{
  "compilerOptions": {
    "target": "ES2017",
    "lib": ["dom", "dom.iterable", "esnext"],
    "allowJs": true,
    "skipLibCheck": true,
    "strict": true,
    "noEmit": true,
    "esModuleInterop": true,
    "module": "esnext",
    "moduleResolution": "bundler",
    "resolveJsonModule": true,
    "isolatedModules": true,
    "jsx": "react-jsx",
    "incremental": true,
    "plugins": [{ "name": "next" }],
    "paths": { "@/*": ["./*"] }
  },
  "include": ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts", ".next/dev/types/**/*.ts", "**/*.mts"],
  "exclude": ["node_modules"]
}
`,
}

/** @type {import('../row.mjs').Row} */
const NEXT = {
  name: 'Next.js',
  task: '`@/lib/greeting`, which imports `server-only`',
  modules: 'cjs',
  packages: {
    next: '^16.0.0',
    react: '^19.0.0',
    'react-dom': '^19.0.0',
    'server-only': '^0.0.1',
    '@types/react': '^19.0.0',
    '@types/react-dom': '^19.0.0',
  },
  manifest: { scripts: { dev: 'next dev', build: 'next build', start: 'next start' } },
  files: FILES,
  body: { imports: "import { greeting } from '@/lib/greeting'\n", value: "greeting('task')" },
  runEnv: { NODE_OPTIONS: '--conditions=react-server' },
  steps: buildsTheSame(['next', 'build'], (project) => project.read('.next/app-path-routes-manifest.json')),
}

/**
 * Next.js: `next build` emits the same routes, and a task uses code that is only for the server.
 *
 * @type {import('../row.mjs').Row[]}
 */
export const nextRows = [
  { ...NEXT, name: 'Next.js, a task with server-only' },
  {
    ...NEXT,
    name: 'Next.js, a client with server-only',
    files: { ...FILES, 'lib/prisma.ts': `import 'server-only'\n${LIB}` },
    warnings: [/lib\/prisma\.ts creates a client, but After Party can't import it/],
  },
]
