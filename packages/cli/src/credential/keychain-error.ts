import { UserError } from '../user-error.js'
import type { KeychainSilence } from './keychain-connection.js'
import type { KeychainResponse } from './keychain-protocol.js'

const USE_FILE = 'Or keep credentials in a sealed file: export NEMOCLAW_CREDENTIAL_STORE=file'

/** What a keychain that did not do as asked means for the user, and what to type next. */
export function keychainError(
  response: Exclude<KeychainResponse, { outcome: 'done' }> | KeychainSilence,
  timeoutMs: number,
): UserError {
  switch (response.outcome) {
    case 'timeout':
      return new UserError('ERR_KEYCHAIN_TIMEOUT', `the keychain did not answer within ${timeoutMs / 1000} s`, {
        suggestions: [
          'If it shows a window that asks for its password, answer it and run the command again.',
          USE_FILE,
        ],
      })
    case 'locked':
      return new UserError('ERR_KEYCHAIN_LOCKED', 'the keychain is locked', {
        suggestions: [
          'Unlock it (on a desktop: log in, or open its password manager) and run the command again.',
          USE_FILE,
        ],
      })
    case 'not_loaded':
      return unavailable('keytar does not load; on Linux it needs libsecret', [
        'Install it: apt-get install libsecret-1-0 gnome-keyring',
      ])
    case 'ended':
      return unavailable(`the process that talks to it ended (${response.how})`, [])
    case 'failed':
      if (/object does not exist/i.test(response.reason)) {
        return unavailable('it has no default keyring and cannot ask for the password of a new one', [
          'Log in on the desktop once, or make a keyring: printf %s PASSWORD | gnome-keyring-daemon --unlock',
        ])
      }
      return /d-?bus|autolaunch|connect/i.test(response.reason)
        ? unavailable('there is no D-Bus session', ['Run the command in a desktop session, or under: dbus-run-session'])
        : unavailable(response.reason, ['Install a Secret Service: apt-get install gnome-keyring'])
  }
}

function unavailable(why: string, suggestions: readonly string[]): UserError {
  return new UserError('ERR_KEYCHAIN_UNAVAILABLE', `no keychain can be used: ${why}`, {
    suggestions: [...suggestions, USE_FILE],
  })
}
