/** What a compiled glob is made of: a UTF-16 code unit that stands for itself, or one of the negative marks below. */
type Token = number

/** Any number of characters, but no `/`. */
const WITHIN_SEGMENT = -1
/** Any number of characters. */
const ACROSS_SEGMENTS = -2
/** Stands ahead of `**` and `/`, which may both be left out: `/a/**` + `/b` admits `/a/b` too, as in .gitignore and bash. */
const OPTIONAL_SEGMENTS = -3

const SLASH = 0x2f

/**
 * Compiles a path pattern: `*` is any text within a segment, `**` any text across segments, everything else is itself.
 * `/**` at the end means everything below and not the folder itself; `/**` + `/` may also stand for a single `/`.
 *
 * Upper and lower case differ and nothing is decoded or normalised: whoever reads the path must have done it.
 *
 * @returns Whether a whole path matches, in time proportional to pattern times path, however either is made: patterns
 *   are the operator's, but paths are the client's, and a backtracking RegExp can be made to hang by its subject.
 */
export function compilePathGlob(pattern: string): (path: string) => boolean {
  const firstStar = pattern.indexOf('*')
  if (firstStar < 0) {
    return (path) => path === pattern
  }
  const prefix = pattern.slice(0, firstStar)
  if (pattern.slice(firstStar) === '**') {
    return (path) => path.startsWith(prefix)
  }
  const tokens = tokensOf(pattern)
  return (path) => path.startsWith(prefix) && matches(tokens, path)
}

function tokensOf(pattern: string): readonly Token[] {
  return pattern.split(/(\*+)/).flatMap((part, index, parts): readonly Token[] => {
    if (index % 2 === 0) {
      return Array.from({ length: part.length }, (_, at) => part.charCodeAt(at))
    }
    if (part === '*') {
      return [WITHIN_SEGMENT]
    }
    const fillsSegments = parts[index - 1]!.endsWith('/') && parts[index + 1]!.startsWith('/')
    return fillsSegments ? [OPTIONAL_SEGMENTS, ACROSS_SEGMENTS] : [ACROSS_SEGMENTS]
  })
}

/** Walks all ways through the pattern at once, one character of the path after the other, so that none is walked twice. */
function matches(tokens: readonly Token[], path: string): boolean {
  // A position is how many tokens lie behind; `seenAt` says for which character it was last added, so that it is added once.
  const seenAt = new Int32Array(tokens.length + 1).fill(-1)
  let positions: number[] = []
  const add = (position: number, at: number): void => {
    for (let next = position; seenAt[next] !== at; next++) {
      seenAt[next] = at
      positions.push(next)
      const token = tokens[next]
      if (token === OPTIONAL_SEGMENTS) {
        add(next + 3, at)
      } else if (token === undefined || token >= 0) {
        return // Only a mark can be passed without a character.
      }
    }
  }
  add(0, 0)
  for (let at = 0; at < path.length && positions.length > 0; at++) {
    const code = path.charCodeAt(at)
    const before = positions
    positions = []
    for (const position of before) {
      const token = tokens[position]
      if (token === ACROSS_SEGMENTS || (token === WITHIN_SEGMENT && code !== SLASH)) {
        add(position, at + 1)
      } else if (token === code) {
        add(position + 1, at + 1)
      }
    }
  }
  return positions.includes(tokens.length)
}
