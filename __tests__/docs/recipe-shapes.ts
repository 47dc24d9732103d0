import {
  array,
  boolean,
  type GenericSchema,
  integer,
  literal,
  minLength,
  minValue,
  number,
  optional,
  picklist,
  pipe,
  record,
  regex,
  strictObject,
  string,
  union,
} from 'valibot'

/** What a platform reads in the file of a recipe: the keys that its documentation names, and no other. */

const texts = record(string(), string())
const seconds = pipe(number(), integer(), minValue(1))
const command = pipe(array(string()), minLength(1))
const duration = pipe(string(), regex(/^\d+[smh]$/))

const container = strictObject({
  name: string(),
  image: string(),
  command: optional(command),
  env: optional(array(strictObject({ name: string(), value: string() }))),
  envFrom: optional(array(strictObject({ secretRef: strictObject({ name: string() }) }))),
})
const pod = strictObject({
  restartPolicy: optional(picklist(['Always', 'OnFailure', 'Never'])),
  // More than `--grace`.
  terminationGracePeriodSeconds: pipe(seconds, minValue(26)),
  initContainers: optional(array(container)),
  containers: pipe(array(container), minLength(1)),
})

const job = strictObject({
  apiVersion: literal('batch/v1'),
  kind: literal('Job'),
  metadata: strictObject({ name: string(), annotations: texts }),
  spec: strictObject({
    backoffLimit: pipe(number(), integer(), minValue(0)),
    activeDeadlineSeconds: seconds,
    ttlSecondsAfterFinished: seconds,
    template: strictObject({ spec: pod }),
  }),
})

const cronJob = strictObject({
  apiVersion: literal('batch/v1'),
  kind: literal('CronJob'),
  metadata: strictObject({ name: string() }),
  spec: strictObject({
    schedule: pipe(string(), regex(/^(\S+ ){4}\S+$/)),
    concurrencyPolicy: picklist(['Allow', 'Forbid', 'Replace']),
    jobTemplate: strictObject({ spec: job.entries.spec }),
  }),
})

/** A unit of systemd: sections with the directives of its manual that we use. */
const unit = strictObject({
  Unit: strictObject({ Description: string(), After: string(), Wants: string() }),
  Service: strictObject({
    WorkingDirectory: pipe(string(), regex(/^\//)),
    EnvironmentFile: pipe(string(), regex(/^-?\//)),
    // A command is an absolute path.
    ExecStart: pipe(string(), regex(/^\//)),
    Restart: picklist(['no', 'always', 'on-failure']),
    RestartSec: pipe(string(), regex(/^\d+$/)),
    // More than `--grace`.
    TimeoutStopSec: pipe(string(), regex(/^(2[6-9]|[3-9]\d|\d{3,})$/)),
    User: string(),
  }),
  Install: strictObject({ WantedBy: string() }),
})

const deployment = strictObject({
  apiVersion: literal('apps/v1'),
  kind: literal('Deployment'),
  metadata: strictObject({ name: string() }),
  spec: strictObject({
    replicas: seconds,
    progressDeadlineSeconds: seconds,
    selector: strictObject({ matchLabels: texts }),
    template: strictObject({ metadata: strictObject({ labels: texts }), spec: pod }),
  }),
})

const compose = strictObject({
  services: record(
    string(),
    strictObject({
      image: optional(string()),
      build: optional(string()),
      command: optional(command),
      environment: optional(texts),
      healthcheck: optional(strictObject({ test: command, interval: duration, retries: number() })),
      stop_grace_period: optional(duration),
      depends_on: optional(
        record(
          string(),
          strictObject({
            condition: picklist(['service_started', 'service_healthy', 'service_completed_successfully']),
          }),
        ),
      ),
    }),
  ),
})

const workflow = strictObject({
  name: string(),
  on: strictObject({ push: strictObject({ branches: array(string()) }) }),
  concurrency: strictObject({ group: string(), 'cancel-in-progress': boolean() }),
  jobs: record(
    string(),
    strictObject({
      'runs-on': string(),
      environment: string(),
      'timeout-minutes': seconds,
      env: texts,
      steps: array(
        union([
          strictObject({ uses: string(), with: optional(record(string(), union([string(), number()]))) }),
          strictObject({ run: string() }),
        ]),
      ),
    }),
  ),
})

const gitlab = record(
  string(),
  strictObject({
    stage: string(),
    image: string(),
    environment: strictObject({ name: string() }),
    resource_group: string(),
    interruptible: boolean(),
    timeout: string(),
    rules: array(strictObject({ if: string() })),
    script: array(string()),
  }),
)

const fly = strictObject({
  app: string(),
  primary_region: string(),
  env: texts,
  deploy: strictObject({ release_command: string(), release_command_timeout: duration }),
  http_service: strictObject({ internal_port: number(), force_https: boolean() }),
})

const render = strictObject({
  services: array(
    strictObject({
      type: picklist(['web', 'pserv', 'worker', 'cron']),
      name: string(),
      runtime: literal('node'),
      plan: string(),
      buildCommand: string(),
      preDeployCommand: string(),
      startCommand: string(),
      envVars: array(
        union([
          strictObject({ key: string(), value: string() }),
          strictObject({
            key: string(),
            fromDatabase: strictObject({ name: string(), property: literal('connectionString') }),
          }),
        ]),
      ),
    }),
  ),
  databases: array(strictObject({ name: string(), plan: string() })),
})

const vercel = strictObject({ $schema: string(), buildCommand: pipe(string(), regex(/^.{1,256}$/)) })

const ecsContainer = strictObject({
  name: string(),
  image: string(),
  essential: boolean(),
  command: optional(command),
  stopTimeout: optional(pipe(seconds, minValue(26))),
  environment: optional(array(strictObject({ name: string(), value: string() }))),
  secrets: optional(array(strictObject({ name: string(), valueFrom: string() }))),
  dependsOn: optional(
    array(strictObject({ containerName: string(), condition: picklist(['START', 'COMPLETE', 'SUCCESS', 'HEALTHY']) })),
  ),
})
const ecs = strictObject({
  family: string(),
  requiresCompatibilities: array(picklist(['EC2', 'FARGATE', 'EXTERNAL'])),
  networkMode: literal('awsvpc'),
  cpu: string(),
  memory: string(),
  executionRoleArn: string(),
  containerDefinitions: array(ecsContainer),
})

const pm2 = strictObject({
  apps: array(
    strictObject({
      name: string(),
      script: string(),
      instances: number(),
      exec_mode: picklist(['fork', 'cluster']),
    }),
  ),
  deploy: record(
    string(),
    strictObject({
      user: string(),
      host: array(string()),
      ref: string(),
      repo: string(),
      path: string(),
      // PM2 reads this back out of JSON with `expr`, in single quotes: a quote ends it.
      'post-deploy': pipe(string(), regex(/^[^'"]+$/)),
    }),
  ),
})

/** By the file that a block is for. */
export const SHAPES: Record<string, GenericSchema> = {
  'templates/migrate-job.yaml': job,
  'deployment.yaml': deployment,
  'worker.yaml': deployment,
  'worker-cronjob.yaml': cronJob,
  'shop-worker.service': unit,
  'compose.yaml': compose,
  '.github/workflows/deploy.yml': workflow,
  '.gitlab-ci.yml': gitlab,
  'fly.toml': fly,
  'render.yaml': render,
  'vercel.json': vercel,
  'migrate-task.json': ecs,
  'ecosystem.config.cjs': pm2,
  Procfile: strictObject({ release: string(), web: string(), worker: string() }),
}

/** Blocks of a page that are a part of such a file. */
export const PARTS: Record<string, GenericSchema> = {
  'docs/deploy/aws-ecs.md': pipe(array(ecsContainer), minLength(2)),
  'docs/deploy/render.md': strictObject({ startCommand: string() }),
}
