const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const
const FRAME_MS = 80
/** Shorter work shows nothing: a flash is worse than a pause. */
const PATIENCE_MS = 150
const CLEAR_LINE = '\r\u001b[K'

/**
 * Shows that something long is going on, on a terminal only, and leaves no trace of it.
 *
 * @param text - What is going on, e.g. `Asking api.example.com`.
 */
export async function withSpinner<Result>(
  text: string,
  stream: NodeJS.WriteStream,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!stream.isTTY) return work()
  const startedAt = Date.now()
  let shown = false
  const timer = setInterval(() => {
    const elapsed = Date.now() - startedAt
    if (elapsed < PATIENCE_MS) return
    shown = true
    stream.write(`${CLEAR_LINE}${FRAMES[Math.floor(elapsed / FRAME_MS) % FRAMES.length]} ${text}`)
  }, FRAME_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    if (shown) stream.write(CLEAR_LINE)
  }
}
