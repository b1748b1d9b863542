const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/

/** Quotes a text as one word of a POSIX shell. What a client chose must not become a command where it is pasted. */
export function shellWord(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

/** Whether a text is what it looks like: no control, format or separator characters (Unicode C, Zl, Zp). */
export function isVisible(text: string): boolean {
  return !/[\p{C}\p{Zl}\p{Zp}]/u.test(text)
}

/** Shows what is not visible as escapes. */
export function visibleText(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`
    }).join(''),
  )
}
