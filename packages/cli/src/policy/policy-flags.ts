import * as Flags from '@oclif/core/flags'

/** `--policy`: another file than the user's own. */
export const policyFlag = Flags.string({
  summary: "Policy file; where left out, policy.yaml in the folder of this user's configuration.",
  helpValue: 'FILE',
})

/** `--name`: one of the policies in the file. */
export const policyNameFlag = Flags.string({ summary: 'Name of the policy in the file.', helpValue: 'POLICY' })

/** What `policy allow` takes beside the endpoints. */
export const allowFlags = {
  name: policyNameFlag,
  'allowed-ip': Flags.string({
    summary: 'Block of addresses that the host may have, and no others; opens private ones.',
    helpValue: 'CIDR',
    multiple: true,
    multipleNonGreedy: true,
  }),
  private: Flags.boolean({
    summary: 'Open the private addresses that the host has now: --allowed-ip for each of them.',
    exclusive: ['allowed-ip'],
  }),
  binary: Flags.string({
    summary: 'Program that may, by path or glob, or a program it started (Linux); any where left out.',
    helpValue: 'PATH',
    multiple: true,
    multipleNonGreedy: true,
  }),
  policy: policyFlag,
}
