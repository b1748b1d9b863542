/**
 * Whether `--json`, or `-o json`, which is the same, was typed before any `--`. Read from the words themselves, because
 * an error may have to be printed as JSON before, or instead of, parsing them.
 */
export function wantsJson(argv: readonly string[]): boolean {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  return own.some(
    (argument, index) =>
      ['--json', '-ojson', '-o=json', '--output=json'].includes(argument) ||
      (argument === 'json' && ['-o', '--output'].includes(own[index - 1] ?? '')),
  )
}
