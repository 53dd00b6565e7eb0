import type { Me } from '@porchlight/protocol/api';

/** True when devices have to be told to trust the relay's own certificate authority; over plain HTTP there is none to trust. */
export function needsAuthority({ origin, localAuthority }: Me['relay']): boolean {
  return localAuthority && origin.startsWith('https:');
}

/** The agent's one file, as it is called on the device once fetched. */
const AGENT = 'porchlight.mjs';

/**
 * Commands that fetch the agent from the relay and ask to be let in: by a person of this account, or by an enrolment
 * token. A relay with its own certificate authority is not trusted by curl yet, so the file is fetched unchecked and
 * runs only if it has the digest that this page shows. A relay without an agent to download gives the last line alone.
 */
export function joinCommands({ relay, account }: Me, token?: string): string[] {
  const { origin, agentSha256, hostKeyFingerprint } = relay;
  const by = token === undefined ? `--account ${account.name}` : `--token ${token}`;
  const join = `node ${AGENT} agent join ${origin} ${by}`;
  if (!needsAuthority(relay)) {
    return agentSha256 === undefined ? [join] : [`curl -fsSLo ${AGENT} ${origin}/install/${AGENT}`, join];
  }
  return [
    `curl -fsSLko ca.pem ${origin}/install/ca.pem`,
    ...(agentSha256 === undefined
      ? []
      : [
          `curl -fsSLko ${AGENT} ${origin}/install/${AGENT}`,
          `echo "${agentSha256}  ${AGENT}" | sha256sum -c &&`,
        ]),
    // The authority came unchecked too: the host key's fingerprint, from this page, tells the relay from an impostor.
    `${join} --ca ca.pem --fingerprint ${hostKeyFingerprint}`,
  ];
}

/** What comes after joining: offer a web page, and stay connected. */
export const afterJoining: readonly string[] = [
  `node ${AGENT} agent expose web http://127.0.0.1:80`,
  `node ${AGENT} agent run`,
];

/** What a device with a stock SSH client runs, once its key is known; SSH comes through the HTTPS port too. */
export function stockCommand(
  { domain, origin, sshPort }: Pick<Me['relay'], 'domain' | 'origin' | 'sshPort'>,
  name: string,
): string {
  const { port, protocol } = new URL(origin);
  const at = sshPort ?? (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));
  return `ssh -N -R web:80:localhost:80 ${at === 22 ? '' : `-p ${at} `}${name}@${domain}`;
}
