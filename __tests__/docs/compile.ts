import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { schemaEngineEnv } from '../../scripts/schema-engine-env.mjs'
import { generated, prismaCli, repository, unpacked } from '../support/paths.mjs'

const tsc = path.join(repository, 'node_modules', 'typescript', 'bin', 'tsc')

/** An empty folder for what is to be compiled, but for a helper that compares types. */
export async function makeFolder(name: string): Promise<string> {
  const directory = path.join(generated, 'docs', name)
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  await cp(path.join(repository, '__tests__', 'types', 'equal.ts'), path.join(directory, 'equal.ts'))
  return directory
}

/** A project of the examples, with a generated client of their models. */
export async function makeExampleProject(): Promise<string> {
  const directory = await makeFolder('examples')
  await cp(path.join(repository, '__tests__', 'docs', 'project'), directory, { recursive: true })
  await execa(process.execPath, [prismaCli, 'generate', '--schema', 'schema.prisma'], {
    cwd: directory,
    env: schemaEngineEnv(),
  })
  return directory
}

/** What the compiler says of the files of a project, by path: nothing, when they are right. */
export async function compile(directory: string, files: ReadonlyMap<string, string>): Promise<string> {
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true })
    await writeFile(path.join(directory, file), text)
  }
  const config = {
    compilerOptions: {
      target: 'es2022',
      lib: ['es2023', 'esnext.disposable'],
      module: 'esnext',
      moduleResolution: 'bundler',
      moduleDetection: 'force',
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      paths: {
        '@/*': ['./*'],
        'after-party': [path.join(unpacked, 'dist/index.d.ts')],
        'after-party/testing': [path.join(unpacked, 'dist/testing.d.ts')],
        'after-party/pg-boss': [path.join(unpacked, 'dist/queue/pg-boss.d.ts')],
        'after-party/bullmq': [path.join(unpacked, 'dist/queue/bullmq.d.ts')],
      },
    },
    include: ['.'],
  }
  await writeFile(path.join(directory, 'tsconfig.json'), JSON.stringify(config))
  await writeFile(path.join(directory, 'package.json'), '{ "name": "examples", "private": true, "type": "module" }')
  const { stdout } = await execa(process.execPath, [tsc, '-p', directory], { cwd: directory, reject: false })
  return stdout
}
