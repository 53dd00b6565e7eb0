import type { Me } from '@porchlight/protocol/api';

/** The agent's one file, as it is called on the device once fetched. */
const AGENT = 'porchlight.mjs';

/**
 * Commands that fetch the agent from the relay. A relay with its own certificate authority is not trusted by curl
 * yet, so the file is fetched unchecked and then held against the digest that this page shows.
 */
export function fetchCommands({ origin, localAuthority, agentSha256 }: Me['relay']): string[] {
  if (!localAuthority) return [`curl -fsSLo ${AGENT} ${origin}/install/${AGENT}`];
  return [
    `curl -fsSLko ca.pem ${origin}/install/ca.pem`,
    `curl -fsSLko ${AGENT} ${origin}/install/${AGENT}`,
    ...(agentSha256 === undefined ? [] : [`echo "${agentSha256}  ${AGENT}" | sha256sum -c`]),
  ];
}

/** The command that asks to be let in: by a person of this account, or by an enrolment token. */
export function joinCommand({ relay, account }: Me, token?: string): string {
  const by = token === undefined ? `--account ${account.name}` : `--token ${token}`;
  return `node ${AGENT} agent join ${relay.origin} ${by}${relay.localAuthority ? ' --ca ca.pem' : ''}`;
}

/** What comes after joining: offer a web page, and stay connected. */
export const afterJoining: readonly string[] = [
  `node ${AGENT} agent expose web http://127.0.0.1:80`,
  `node ${AGENT} agent run`,
];
