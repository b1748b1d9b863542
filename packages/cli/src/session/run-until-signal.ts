import type { Session } from './start-session.js'

export interface RunUntilSignalOptions {
  /** Milliseconds that exchanges under way may take after the first signal. */
  readonly drainLimitMs: number
  readonly onDrain: (exchanges: number) => void
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Starts a session, waits for SIGINT or SIGTERM, then drains it; a second signal cuts what is left.
 *
 * Signals are listened for before the start: one that comes while it goes on, or in the moment when it has been told
 * of, must not leave a record of a proxy that is gone.
 *
 * @throws What `start` throws, and what closing the session does.
 */
export async function runUntilSignal(
  start: () => Promise<Session>,
  { drainLimitMs, onDrain }: RunUntilSignalOptions,
): Promise<void> {
  let session: Session | undefined
  let signals = 0
  await new Promise<void>((resolve, reject) => {
    const close = () => {
      if (!session) return
      if (signals === 1) onDrain(session.exchangeCount)
      session.close(signals === 1 ? drainLimitMs : 0).then(resolve, reject)
    }
    const onSignal = (name: NodeJS.Signals) => {
      signals++
      // A start that hangs is ended as if nobody listened.
      if (!session && signals > 1) dieBy(name, onSignal)
      close()
    }
    for (const name of SIGNALS) process.on(name, onSignal)
    start().then((started) => {
      session = started
      if (signals > 0) close()
    }, reject)
  })
}

function dieBy(name: NodeJS.Signals, listener: (name: NodeJS.Signals) => void): void {
  process.off(name, listener)
  process.kill(process.pid, name)
}
