const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs work that is told by its signal when the user has had enough, and is then waited for all the same. */
export async function untilInterrupted<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const interrupted = new AbortController()
  // As long as the work tidies up, further signals change nothing.
  const onSignal = () => interrupted.abort()
  for (const name of SIGNALS) process.on(name, onSignal)
  try {
    return await work(interrupted.signal)
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal)
  }
}
