const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/

/** Quotes a text as one word of a POSIX shell. What a client chose must not become a command where it is pasted. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** Control, format and private characters, separators but for the space, what fonts leave out, and a blank that is a letter. */
const INVISIBLE = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu

/** Whether a text is what it looks like. */
export function isVisible(text: string): boolean {
  return visibleText(text) === text
}

/** Shows what is not visible as escapes. */
export function visibleText(text: string): string {
  return text.replaceAll(INVISIBLE, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
    }).join(''),
  )
}
