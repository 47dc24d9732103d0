import { buildsTheSame, filesBelow } from '../build.mjs'
import { datasource, MODELS } from '../files.mjs'

/** @param {string} inject how the service asks for the other one */
function files(inject) {
  return {
    'src/greeting.ts': null,
    'src/greeting.service.ts': `import { Injectable } from '@nestjs/common'

@Injectable()
export class GreetingService {
  greeting(name: string): string {
    return \`hello \${name}\`
  }
}
`,
    'src/notes.service.ts': `import { ${inject ? 'Inject, ' : ''}Injectable } from '@nestjs/common'
import { GreetingService } from './greeting.service'

@Injectable()
export class NotesService {
  constructor(${inject}private readonly greetings: GreetingService) {}

  textFor(name: string): string {
    return this.greetings.greeting(name)
  }
}
`,
    'src/app.module.ts': `import { Module } from '@nestjs/common'
import { GreetingService } from './greeting.service'
import { NotesService } from './notes.service'

@Module({ providers: [GreetingService, NotesService] })
export class AppModule {}
`,
    'src/main.ts': `import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module'

async function bootstrap() {
  const app = await NestFactory.create(AppModule)
  await app.listen(process.env.PORT ?? 3000)
}
bootstrap()
`,
    'prisma/schema.prisma': `generator client {
  provider     = "prisma-client"
  output       = "../src/generated/prisma"
  moduleFormat = "cjs"
}

${datasource({})}
${MODELS}`,
    'nest-cli.json': `{
  "collection": "@nestjs/schematics",
  "sourceRoot": "src",
  "compilerOptions": { "deleteOutDir": true }
}
`,
    'tsconfig.json': TSCONFIG,
    'tsconfig.build.json': `{
  "extends": "./tsconfig.json",
  "exclude": ["node_modules", "test", "dist", "**/*spec.ts", "prisma.config.ts"]
}
`,
  }
}

/** As `nest new` writes it. */
const TSCONFIG = `{
  "compilerOptions": {
    "module": "nodenext",
    "moduleResolution": "nodenext",
    "resolvePackageJsonExports": true,
    "esModuleInterop": true,
    "isolatedModules": true,
    "declaration": true,
    "removeComments": true,
    "emitDecoratorMetadata": true,
    "experimentalDecorators": true,
    "allowSyntheticDefaultImports": true,
    "target": "ES2023",
    "sourceMap": true,
    "outDir": "./dist",
    "baseUrl": "./",
    "incremental": true,
    "skipLibCheck": true,
    "strictNullChecks": true,
    "forceConsistentCasingInFileNames": true,
    "noImplicitAny": false,
    "strictBindCallApply": false,
    "noFallthroughCasesInSwitch": false
  }
}
`

/** The client of Prisma has a file for each model, and `init` adds two models. */
const OF_THE_LEDGER = /^generated\/prisma\/models\/AfterParty/

const BUILD = buildsTheSame(['nest', 'build'], async (project) =>
  (await filesBelow(project, 'dist')).filter((file) => !OF_THE_LEDGER.test(file)).join('\n'),
)

/** @type {import('../row.mjs').Row} */
const NEST = {
  name: 'NestJS',
  task: '`AppModule`; a service that gets another one',
  modules: 'cjs',
  packages: {
    '@nestjs/common': '^11.0.1',
    '@nestjs/core': '^11.0.1',
    '@nestjs/platform-express': '^11.0.1',
    'reflect-metadata': '^0.2.2',
    rxjs: '^7.8.1',
    '@nestjs/cli': '^11.0.0',
    '@swc-node/register': '^1.12.1',
    '@swc/core': '^1.16.0',
  },
  manifest: { scripts: { build: 'nest build', 'start:prod': 'node dist/main' } },
  files: files(''),
  body: {
    imports: `import { NestFactory } from '@nestjs/core'
import { AppModule } from '../../src/app.module'
import { NotesService } from '../../src/notes.service'
`,
    value: `(await NestFactory.createApplicationContext(AppModule, { logger: ['error'] })).get(NotesService).textFor('task')`,
  },
  steps: BUILD,
}

/**
 * NestJS: `nest build` emits what it did, and a task gets a service of the app.
 *
 * @type {import('../row.mjs').Row[]}
 */
export const nestRows = [
  { ...NEST, name: 'NestJS, injection by type, .ts tasks' },
  { ...NEST, name: 'NestJS, injection by @Inject, .ts tasks', files: files('@Inject(GreetingService) ') },
  {
    ...NEST,
    name: 'NestJS, injection by type, compiled tasks',
    runArgs: ['--config', 'dist/after-party.config.js'],
    steps: {
      ...BUILD,
      'before deploy': async (project) => {
        await BUILD['before deploy']?.(project)
        await project.exec(['tsc', '-p', 'prisma/after-party', '--noEmit', 'false', '--outDir', 'dist'])
      },
    },
  },
  {
    ...NEST,
    name: 'NestJS, injection by type, .ts tasks with SWC',
    runEnv: { NODE_OPTIONS: '--import @swc-node/register/esm-register' },
  },
]
