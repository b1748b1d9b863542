import type { Session } from './start-session.js'

export interface RunUntilSignalOptions {
  /** Milliseconds that exchanges under way may take after the first signal. */
  readonly drainLimitMs: number
  readonly onDrain: (exchanges: number) => void
}

/** Waits for SIGINT or SIGTERM, then drains the session; a second signal cuts what is left. */
export async function runUntilSignal(
  session: Session,
  { drainLimitMs, onDrain }: RunUntilSignalOptions,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let signals = 0
    const onSignal = () => {
      signals++
      if (signals === 1) {
        onDrain(session.exchangeCount)
        session.close(drainLimitMs).then(resolve, reject)
      } else {
        session.close(0).then(resolve, reject)
      }
    }
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  })
}
