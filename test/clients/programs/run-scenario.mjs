const [scenario, key] = process.argv.slice(2)

/** The key the client believes in. */
export const dummyKey = key

/** Runs the scenario named on the command line and prints what it returns. */
export async function runScenario(scenarios) {
  process.stdout.write(JSON.stringify(await scenarios[scenario]()))
}

/** What an SDK's error says of itself. */
export async function errorOf(action) {
  try {
    await action()
  } catch (error) {
    return {
      className: error.constructor.name,
      status: error.status ?? error.statusCode,
      code: error.code,
      type: error.type,
      message: error.message,
    }
  }
  throw new Error('it did not fail')
}

/** Reads a stream and notes when its pieces came. */
export async function readStream(stream, pieceOf) {
  const pieces = []
  const atMs = []
  for await (const event of stream) {
    const piece = pieceOf(event)
    if (piece !== undefined && piece !== null && piece !== '') {
      pieces.push(piece)
      atMs.push(performance.now())
    }
  }
  return { text: pieces.join(''), pieces: pieces.length, spreadMs: atMs.at(-1) - atMs[0] }
}
