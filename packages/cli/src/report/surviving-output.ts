/**
 * Decides what a broken standard output means: a closed one (`| head`) is the reader's choice and quiet, a full disk
 * is a failure told in a sentence. Must be called before oclif is imported, whose own listener throws.
 */
export function survivingOutput({ stdout, stderr, exit }: NodeJS.Process): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return
    stderr.write(`Error: cannot write the output: ${error.code ?? error.message}\n`)
    exit(1)
  })
  // Nowhere is left to tell it.
  stderr.on('error', () => {})
}
