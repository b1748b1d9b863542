import type { ServerResponse } from 'node:http'

/** Whether the client of a request is still there. */
export interface ClientPresence {
  /** Aborts when the connection closes before the answer is complete, whoever closed it. */
  readonly left: AbortSignal
  /** Says that we are the one who closes now. */
  readonly expectClose: () => void
}

/** Watches the connection of a request; `onAbort` is called when the client leaves before the answer is complete. */
export function watchClient(response: ServerResponse, onAbort: () => void): ClientPresence {
  const left = new AbortController()
  let closingOurselves = false
  response.once('close', () => {
    if (response.writableFinished) {
      return
    }
    if (!closingOurselves) {
      onAbort()
    }
    left.abort()
  })
  return {
    left: left.signal,
    expectClose: () => {
      closingOurselves = true
    },
  }
}
