/**
 * Splits a command into words at white space. `'...'` is taken as it is; in `"..."` and outside of quotes a backslash
 * takes the next character as it is. Nothing is expanded, and what a shell would act on is refused: it would reach the
 * program as an argument, which is never what was meant.
 *
 * @returns The words, or why there are none.
 */
export function splitWords(command: string): readonly string[] | string {
  const words: string[] = []
  let word: string | undefined
  for (let index = 0; index < command.length; index++) {
    const character = command.charAt(index)
    if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (character === "'") {
      const end = command.indexOf("'", index + 1)
      if (end === -1) return "has a ' without its partner"
      word = (word ?? '') + command.slice(index + 1, end)
      index = end
    } else if (character === '"') {
      const quoted = readDoubleQuoted(command, index + 1)
      if (quoted === undefined) return 'has a " without its partner'
      word = (word ?? '') + quoted.text
      index = quoted.end
    } else if (character === '\\') {
      if (index + 1 === command.length) return 'ends with a backslash'
      word = (word ?? '') + command.charAt(++index)
    } else if (/[|&;<>()$`*?#]/.test(character) || (character === '~' && word === undefined)) {
      return `is not run by a shell, and ${character} is for a shell; quote it to pass it on`
    } else {
      word = (word ?? '') + character
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

function readDoubleQuoted(command: string, start: number): { readonly text: string; readonly end: number } | undefined {
  let text = ''
  for (let index = start; index < command.length; index++) {
    const character = command.charAt(index)
    if (character === '"') return { text, end: index }
    text += character === '\\' ? command.charAt(++index) : character
  }
  return undefined
}
