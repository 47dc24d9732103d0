/** What the recipe for Railway uses of its package, which needs a newer Node.js than ours. */
declare module 'railway/iac' {
  interface Resource {
    env: Record<string, Reference>
  }
  interface Reference {
    readonly reference: string
  }
  interface Source {
    readonly source: string
  }
  interface ServiceOptions {
    source?: Source
    build?: string
    preDeploy?: string | string[]
    start?: string
    env?: Record<string, string | Reference>
  }
  export function defineRailway(make: () => unknown): unknown
  export function github(repository: string): Source
  export function postgres(name: string): Resource
  export function service(name: string, options?: ServiceOptions): Resource
  export function project(name: string, options: { resources: Resource[] }): unknown
}
