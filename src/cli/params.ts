import { AfterPartyError } from '../define/errors.js'
import { ParamTexts } from '../define/params.js'

/** The params of `--param key=value`. No message has a value: it may be a secret. */
export function paramsOf(words: readonly string[] | undefined): ParamTexts | undefined {
  if (words === undefined) return undefined
  const texts = new Map<string, string>()
  for (const word of words) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    if (name === undefined || value === undefined)
      throw usage('`--param` takes a name and a value.', 'Write it as `--param limit=500`.')
    if (texts.has(name)) throw usage(`The parameter ${name} was passed twice.`, 'Pass it once.')
    texts.set(name, value)
  }
  return new ParamTexts(Object.fromEntries(texts))
}

function usage(what: string, next: string): AfterPartyError {
  return new AfterPartyError('usage', { what, next })
}
