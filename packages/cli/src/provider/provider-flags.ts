import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

/** NAME, which may also be given by `--name`. Never read from standard input: that may be a credential. */
export const nameArgument = {
  name: Args.string({ name: 'NAME', description: 'Name of the provider: a-z, 0-9 and -.', ignoreStdin: true }),
}

/** What `provider create` and `provider update` both take. */
export const providerFlags = {
  name: Flags.string({ summary: 'Name of the provider; the same as NAME.', helpValue: 'NAME' }),
  'from-existing': Flags.boolean({
    summary: "Take credential and base URL from the environment variables that the provider's own tools use.",
  }),
  credential: Flags.string({
    summary:
      'KEY reads $KEY or asks for it; KEY=- reads standard input; KEY=env:NAME, KEY=file:PATH and KEY=exec:COMMAND fetch it each time.',
    helpValue: 'KEY[=...]',
    multiple: true,
    multipleNonGreedy: true,
  }),
  config: Flags.string({
    summary: 'Setting kept with the provider, in clear.',
    helpValue: 'KEY=VALUE',
    aliases: ['set'],
    multiple: true,
    multipleNonGreedy: true,
  }),
  header: Flags.string({
    summary: 'Field sent with every request. One that looks like a credential takes env:, file: or exec:.',
    helpValue: "'Name: value'",
    multiple: true,
    multipleNonGreedy: true,
  }),
  'base-url': Flags.string({ summary: "Where the provider is, instead of the type's own URL.", helpValue: 'URL' }),
  verify: Flags.boolean({
    summary: 'Fetch each reference once before it is stored.',
    default: true,
    allowNo: true,
  }),
}

/** What only `provider update` takes. */
export const updateFlags = {
  type: Flags.string({ summary: 'Refused where it differs: a type cannot change.', hidden: true }),
  'unset-config': Flags.string({
    summary: 'Setting to remove.',
    helpValue: 'KEY',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'unset-credential': Flags.string({
    summary: 'Credential to remove.',
    helpValue: 'KEY',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'move-credential': Flags.boolean({
    summary: 'Let the stored credential go to the new base URL; asks at the terminal.',
    default: false,
  }),
}
