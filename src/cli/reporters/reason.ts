import { describeOwner } from '../../attempt/owner.js'
import type { Holder, Reason } from '../../define/events.js'

/** Why a task is not done, in words. */
export function describeReason({ code, text }: Reason, holder?: Holder): string {
  switch (code) {
    case 'max-duration':
      return holder ? `still running in ${ownerOf(text)} when --max-duration ran out` : '--max-duration ran out'
    case 'signal':
      return 'stopped by a signal'
    case 'timeout':
      return `took longer than its timeout of ${text}`
    case 'died':
      return 'its process died'
    case 'lost':
      return 'lost its claim: no heartbeat within the lease, so another process took over. Nothing more was written.'
    case 'held':
      return `held by ${ownerOf(text)}${holder ? holding(holder) : ''}`
    case 'failed-elsewhere':
      return `failed in ${ownerOf(text)}`
    case 'throttled':
      return text ? `throttled: ${text}` : 'throttled'
    case 'after':
      return text ? `waiting for ${text}` : 'waiting'
    case 'requested':
      return text ? `by request: ${text}` : 'by request'
    case 'waiting':
      return text ? `waiting: ${text}` : 'waiting'
    // A later release may have written it.
    default:
      return [code, text].filter(Boolean).join(': ')
  }
}

/** Who has a task, as people read it. */
export function ownerOf(owner: string | null | undefined): string {
  return owner ? describeOwner(owner) : 'another process'
}

function holding({ since, leaseLeftMs }: Holder): string {
  const from = since ? `, since ${since.toISOString()}` : ''
  return `${from}, ${Math.ceil(leaseLeftMs / 1000)}s of its lease left`
}
