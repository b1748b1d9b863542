// C0 but for the line feed, DEL, and C1: a terminal acts on them. The last four turn text around or hide it.
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text from elsewhere, safe to write on a terminal: control characters become `\u001b`. Line feeds stay. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The same for one line: a line feed becomes `\n`. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n')
}
