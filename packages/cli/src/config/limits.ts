/** A provider's name: what is typed, and part of a keychain account. */
export const PROVIDER_NAME_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,62})$/

/** A credential's or a config entry's key: an environment variable's name, or near to one. At most 256 bytes. */
export const KEY_PATTERN = /^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/

export const MAX_CREDENTIALS = 32
export const MAX_CONFIG_KEYS = 64
export const MAX_HEADERS = 32

/** Largest value of a credential, a config entry or a header, in UTF-8 bytes. */
export const MAX_VALUE_BYTES = 8 * 1024

/** Largest configuration file that is read: far above what the limits allow, far below what would stall a proxy. */
export const MAX_CONFIG_FILE_BYTES = 16 * 1024 * 1024
