import type { ResolvedRoute } from '@nemoclaw/proxy-core'
import type { Fingerprint } from '../credential/fingerprint.js'
import { routeRevision } from './route-revision.js'
import type { RouteSummary } from './session-routes.js'

/** A resolved route and how long, in milliseconds, it may be used without asking again. */
export interface Resolution {
  readonly route: ResolvedRoute
  readonly validForMs: number
}

export type RouteNews =
  | { readonly action: 'resolved'; readonly summary: RouteSummary }
  | { readonly action: 'unusable'; readonly problem: string }

export interface RouteKeeperOptions {
  /** Asked for each resolution; what it answers after `renew` is of the past and not kept. */
  readonly resolve: () => Promise<Resolution>
  readonly fingerprint: Fingerprint
  /** Hears of each resolution that is not like the one before. */
  readonly onNews: (news: RouteNews) => void
  /** Milliseconds from any fixed moment. */
  readonly now?: () => number
}

/** Milliseconds for which a credential that others keep is used without asking again. */
export const REFERENCE_TTL_MS = 5_000

/**
 * Resolves a route when it is first asked for, once for all who wait, and keeps it until its time is up or `renew`
 * says that what it was made of has changed. A route given out is never changed; the next exchange gets another one.
 */
export class RouteKeeper {
  readonly #options: RouteKeeperOptions
  readonly #now: () => number
  #kept: { readonly route: ResolvedRoute; readonly validUntil: number } | undefined
  #resolving: Promise<ResolvedRoute> | undefined
  #news: RouteNews | undefined
  #lastTold = ''

  constructor(options: RouteKeeperOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  get state(): { readonly route?: RouteSummary; readonly problem?: string } {
    switch (this.#news?.action) {
      case 'resolved':
        return { route: this.#news.summary }
      case 'unusable':
        return { problem: this.#news.problem }
      default:
        return {}
    }
  }

  /** @returns Synchronously where the answer is known. Rejects as `resolve` does, and asks again next time. */
  get(): ResolvedRoute | Promise<ResolvedRoute> {
    if (this.#kept && this.#now() < this.#kept.validUntil) return this.#kept.route
    return this.#resolving ?? this.#start()
  }

  /** As `get`, for whoever only wants it done. Never rejects. */
  async warm(): Promise<void> {
    try {
      await this.get()
    } catch {
      // `state` says why.
    }
  }

  renew(): void {
    this.#kept = undefined
    this.#resolving = undefined
    this.#news = undefined
  }

  #start(): Promise<ResolvedRoute> {
    const resolving: Promise<ResolvedRoute> = this.#options.resolve().then(
      ({ route, validForMs }) => {
        if (this.#resolving === resolving) {
          this.#kept = { route, validUntil: this.#now() + validForMs }
          this.#settle({ action: 'resolved', summary: this.#summary(route) })
        }
        return route
      },
      (error: unknown) => {
        if (this.#resolving === resolving) {
          this.#kept = undefined
          this.#settle({ action: 'unusable', problem: problemOf(error) })
        }
        throw error
      },
    )
    this.#resolving = resolving
    return resolving
  }

  #settle(news: RouteNews): void {
    this.#resolving = undefined
    this.#news = news
    // A credential that others keep is asked for again and again: only what is new is told.
    const told = news.action === 'resolved' ? news.summary.revision : news.problem
    if (told === this.#lastTold) return
    this.#lastTold = told
    this.#options.onNews(news)
  }

  #summary(route: ResolvedRoute): RouteSummary {
    return {
      provider: route.providerName,
      model: route.model,
      source: route.source,
      revision: routeRevision(route, this.#options.fingerprint),
      resolvedAt: new Date().toISOString(),
    }
  }
}

/** For the operator: with the cause, which clients are not told. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} Cause: ${error.cause.message}` : error.message
}
