/** Why the mock provider did not start, for a person: a sentence, and what to do. */
export interface StartFailure {
  readonly message: string
  readonly suggestions: string[]
}

/** @returns undefined for an error that is no failure to listen. */
export function startFailure(error: unknown, port: number): StartFailure | undefined {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case 'EADDRINUSE':
      return {
        message: `port ${port} on 127.0.0.1 is taken by another process`,
        suggestions: [
          'Take a free one: nemoclaw mock serve --port 0',
          `See who has it: ss -ltnp 'sport = :${port}'  (or: lsof -iTCP:${port} -sTCP:LISTEN)`,
        ],
      }
    case 'EACCES':
      return {
        message: `port ${port} may not be used by this user`,
        suggestions: ['Take one above 1023: nemoclaw mock serve --port 4141'],
      }
    default:
      return undefined
  }
}
