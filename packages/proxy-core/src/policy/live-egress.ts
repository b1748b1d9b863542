import { type AuthorizedEgress, type Identify, judgeEgress } from './authorize-egress.js'
import { type EgressRequest, needsPrograms } from './decide-egress.js'
import { EgressDenied } from './egress-denied.js'
import type { PolicySource } from './policy-source.js'

interface Live {
  request: EgressRequest
  readonly addresses: readonly string[]
  readonly identify: Identify
  readonly revoke: (denied: EgressDenied) => void
}

/** Judging ten thousand tunnels at once would hold up every exchange. */
const JUDGED_AT_ONCE = 200

/** The tunnels and forwarded requests under way: each change of the policy ends those that it no longer allows. */
export class LiveEgress {
  readonly #live = new Set<Live>()
  readonly #policy: PolicySource
  readonly #stopListening: () => void
  #round = 0

  constructor(policy: PolicySource) {
    this.#policy = policy
    this.#stopListening = policy.onChange(() => void this.#judgeAll())
  }

  /** @returns ends the watch; to be called when it is over. */
  add({ request, addresses }: AuthorizedEgress, identify: Identify, revoke: Live['revoke']): () => void {
    const live = { request, addresses, identify, revoke }
    this.#live.add(live)
    return () => void this.#live.delete(live)
  }

  close(): void {
    this.#stopListening()
  }

  async #judgeAll(): Promise<void> {
    const round = ++this.#round
    const isUnknown = ({ request }: Live) =>
      request.programs === undefined && needsPrograms(this.#policy.current, request)
    const lives = [...this.#live]
    // What is known is judged at once: a search for programs may take seconds.
    await this.#judge(
      lives.filter((live) => !isUnknown(live)),
      round,
    )
    const unknown = lives.filter(isUnknown)
    // Who asks at the same time shares the search, so that thousands cost two.
    await Promise.all(
      unknown.map(async (live) => {
        live.request = { ...live.request, programs: await live.identify() }
      }),
    )
    await this.#judge(unknown, round)
  }

  async #judge(lives: readonly Live[], round: number): Promise<void> {
    let judged = 0
    for (const live of lives) {
      if (++judged % JUDGED_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
      if (round !== this.#round) return // Changed again: a later round judges all of them.
      try {
        const { hasRules } = judgeEgress(live.request, live.addresses, this.#policy)
        // Nobody reads what passes through it, and from now on somebody would have to.
        if (hasRules && live.request.http === undefined) live.revoke(revoked(live.request))
      } catch (error) {
        // Whatever it is: what cannot be judged is not allowed.
        live.revoke(error instanceof EgressDenied ? error : revoked(live.request))
      }
    }
  }
}

function revoked(request: EgressRequest): EgressDenied {
  return new EgressDenied(request, { why: 'revoked', policy: '' })
}
