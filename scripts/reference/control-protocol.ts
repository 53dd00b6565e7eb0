import {
  BASE_STATION_LINE_MAX,
  BASE_STATION_SUBSYSTEM,
  baseStationMessage,
  baseStationRequest,
  lanDevice,
  lanRequest,
} from '../../packages/protocol/src/base-station.ts';
import {
  agentMessage,
  announcedService,
  CONTROL_LINE_MAX,
  CONTROL_SUBSYSTEM,
  CONTROL_VERSION,
  LINK_SILENCE_MAX_MS,
  PING_DEADLINE_MS,
  PING_INTERVAL_MS,
  relayMessage,
  SERVICE_BIND_PORT,
  SERVICES_MAX,
} from '../../packages/protocol/src/control.ts';
import { code, heading, table } from './markdown.ts';

/** The part of JSON Schema that the messages come out as. */
interface Schema {
  readonly type?: string;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
}

type Messages =
  | typeof agentMessage
  | typeof relayMessage
  | typeof baseStationMessage
  | typeof baseStationRequest;

/** The page docs/reference/control-protocol.md. */
export function controlProtocolPage(): string {
  return `${heading('What an agent and the relay say to each other', 'the schemas in packages/protocol/src/control.ts')}
A link is one SSH connection (RFC 4251 to 4254) that the device opens: to the relay's SSH port, to its HTTPS port, where
SSH is told apart by its first bytes, or inside a WebSocket. The device authenticates with its own key. For each service
it asks for a remote forward (\`tcpip-forward\`, RFC 4254 §7.1) with the service's name as bind address and port
${SERVICE_BIND_PORT}; each visitor's connection then comes as a \`forwarded-tcpip\` channel.

An agent opens one more session channel with the subsystem \`${CONTROL_SUBSYSTEM}\` for the messages below: JSON objects
in UTF-8, one a line, at most ${CONTROL_LINE_MAX} bytes each. The relay refuses another version than ${CONTROL_VERSION}
with \`denied\`. A line that is longer, is no JSON, or has an unknown type or member ends the link. Nothing in here can
name a target or widen a rule on the device.

The agent pings every ${PING_INTERVAL_MS / 1000} s and takes the link for dead when no \`pong\` comes within
${PING_DEADLINE_MS / 1000} s; the relay does when it hears nothing for ${LINK_SILENCE_MAX_MS / 1000} s. A device has at
most ${SERVICES_MAX} services.

## From agent to relay

${messages(agentMessage)}
A service:

${table(['member', 'type', 'meaning'], members(announcedService.toJSONSchema({ io: 'input' }) as Schema))}
## From relay to agent

${messages(relayMessage)}
## Base stations

An agent that is a base station for WiFi devices opens another session channel once it is welcome, with the subsystem
\`${BASE_STATION_SUBSYSTEM}\`: JSON objects, one a line, at most ${BASE_STATION_LINE_MAX} bytes each. A relay that does
not know it refuses the channel, and everything else goes on. A line that is not understood ends this channel only. What
the relay knows of a base station it holds in memory while the channel is open.

### From base station to relay

${messages(baseStationMessage, '####')}
A request:

${table(['member', 'type', 'meaning'], members(lanRequest.toJSONSchema({ io: 'input' }) as Schema))}
A device:

${table(['member', 'type', 'meaning'], members(lanDevice.toJSONSchema({ io: 'input' }) as Schema))}
### From relay to base station

${messages(baseStationRequest, '####').trimEnd()}
`;
}

function messages(union: Messages, level = '###'): string {
  const { oneOf = [] } = union.toJSONSchema({ io: 'input' }) as Schema;
  return oneOf
    .map((message) => {
      const name = message.properties?.['type']?.const ?? '';
      const rows = members(message);
      const list = rows.length === 0 ? '' : `\n${table(['member', 'type', 'meaning'], rows)}`;
      return `${level} ${code(name)}\n\n${message.description ?? ''}\n${list}`;
    })
    .join('\n');
}

function members({ properties = {}, required = [] }: Schema): string[][] {
  return Object.entries(properties)
    .filter(([name]) => name !== 'type')
    .map(([name, schema]) => [
      required.includes(name) ? code(name) : `${code(name)} (optional)`,
      typeInWords(schema),
      schema.description ?? '',
    ]);
}

function typeInWords({ type = '', enum: words, maxLength, maxItems, items }: Schema): string {
  if (words !== undefined) return words.map((word) => code(word)).join(' or ');
  if (items !== undefined) return `list, at most ${maxItems}`;
  return maxLength === undefined ? type : `${type}, at most ${maxLength} characters`;
}
