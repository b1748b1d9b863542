/**
 * Spellings that some resolver or library takes for an address. `strict`: no canonical form, 400 wherever they stand in a
 * request. The others are read as what they are.
 */
export const ODD_IPV4 = [
  '2130706433',
  '0x7f000001',
  '0X7F000001',
  '017700000001',
  '0177.0.0.1',
  '0177.0.0.01',
  '127.0.0.0x1',
  '0x7f.1',
  '127.1',
  '127.0.1',
  '0',
  '0x0',
  '1.1',
  '2852039166', // 169.254.169.254
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '167772161', // 10.0.0.1
  '012.0.0.1',
  '010.0.0.1',
  '127.0.0.01',
  '127.0.0.1.',
  '256.0.0.1',
  '1.2.3.4.5',
  '4294967296',
]

/** IPv6 with IPv4 inside: loopback, metadata, private and public, in each form that a network may unwrap. */
export const EMBEDDED_IPV4 = ['7f00:1', 'a9fe:a9fe', 'a00:1', '0:0', 'a83f:8110', '6464:64c8', '5db8:d822'].flatMap(
  (low) => [
    `::ffff:${low}`,
    `::ffff:0:${low}`,
    ...(low === '0:0' ? [] : [`::${low}`]),
    `64:ff9b::${low}`,
    `64:ff9b:1::${low}`,
    `2002:${low}::1`,
    `2001:0:4136:e378:8000:63bf:${inverted(low)}`,
    `0:0:0:0:0:FFFF:${low.toUpperCase()}`,
    `0000:0000:0000:0000:0000:ffff:${low
      .split(':')
      .map((group) => group.padStart(4, '0'))
      .join(':')}`,
  ],
)

/** Dotted quads inside IPv6. */
export const DOTTED_IPV6 = [
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::FFFF:127.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:10.0.0.1',
  '64:ff9b::169.254.169.254',
  '0:0:0:0:0:ffff:127.0.0.1',
]

/** One address or more of each range that is not global unicast, none of which `allowed_ips` may open. */
export const NEVER = [
  '0.0.0.0',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.0.1',
  '169.254.169.254',
  '169.254.170.2',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  'fe80::1',
  'fe80::a9fe:a9fe',
  'febf::1',
  'fd00:ec2::254',
  'FD00:0EC2:0:0:0:0:0:254',
]

/** And those that it may open, and that are denied where it does not. */
export const NOT_GLOBAL = [
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.127.255.254',
  '172.16.0.1',
  '172.31.255.254',
  '192.0.0.1',
  '192.0.0.170',
  '192.0.2.1',
  '192.168.0.1',
  '198.18.0.1',
  '198.19.255.254',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '100::1',
  '2001:db8::1',
  '2001:2::1',
  '2001:10::1',
  '3fff::1',
  'fc00::1',
  'fdff:ffff::1',
  'fec0::1',
  'ff02::1',
  'ff0e::1',
  '4000::1',
  '5f00::1',
]

function inverted(low: string): string {
  return low
    .split(':')
    .map((group) => (Number.parseInt(group, 16) ^ 0xffff).toString(16))
    .join(':')
}
