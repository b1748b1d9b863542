/**
 * Measures several things in turns, so that a busy moment or a warm cache falls on all of them alike: the first round
 * is thrown away, and every round begins with another one.
 *
 * @template Result
 * @param {Readonly<Record<string, () => Result | Promise<Result>>>} subjects
 * @param {number} rounds
 * @returns {Promise<Record<string, Result[]>>} What each gave, without the first round.
 */
export async function alternate(subjects, rounds) {
  const entries = Object.entries(subjects)
  const results = Object.fromEntries(entries.map(([name]) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < entries.length; turn++) {
      const [name, measure] = entries[(round + turn) % entries.length]
      const result = await measure()
      if (round > 0) results[name].push(result)
    }
  }
  return results
}
