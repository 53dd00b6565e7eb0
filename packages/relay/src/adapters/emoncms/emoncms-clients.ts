import { PorchlightError } from '@porchlight/protocol';
import type { Clock } from '../../clock.ts';
import type { MqttConnection, MqttMessage, MqttWatcher } from '../../mqtt/index.ts';
import type { EmoncmsCall } from './call.ts';
import { answeredBy, encodeRequest, parseResponse, requestTopic } from './messages.ts';

/** The patience of the original server. */
const ANSWER_MS = 5_000;
/** Calls that wait for one client, which answers one at a time; a page asks for six at once. */
const WAITING_MAX = 16;

interface Waiting {
  readonly clientId: string;
  readonly message: string;
  settle(outcome: { readonly result: unknown } | PorchlightError): void;
}

interface Client {
  readonly connection: MqttConnection;
  readonly account: string;
  /** The first has been sent, and is waited for. */
  readonly calls: Waiting[];
}

/** Who asks. */
export interface EmoncmsCaller {
  readonly accountId: string;
  readonly accountName: string;
  /** Name of the home, as an app password names it; undefined: the only one there is. */
  readonly home: string | undefined;
}

/**
 * Original emoncms clients that are connected, and calls to them by MQTT as the original server made them. Such a client
 * takes one request at a time, and answers nothing at all to what it does not allow.
 */
export class EmoncmsClients implements MqttWatcher {
  readonly #clock: Clock;
  readonly #byAccount = new Map<string, Map<MqttConnection, Client>>();
  #count = 0;
  /** Answers to nothing that is waited for: late, twice, or made up. */
  strayAnswers = 0;

  constructor(parts: { readonly clock: Clock }) {
    this.#clock = parts.clock;
  }

  up(connection: MqttConnection): void {
    const { kind, accountId, prefixes } = connection.identity;
    if (accountId === undefined || (kind !== 'account' && kind !== 'app-password')) return;
    const account = /^user\/([^/]+)\/$/.exec(prefixes[0] ?? '')?.[1];
    if (account === undefined) return;
    const clients = this.#byAccount.get(accountId) ?? new Map<MqttConnection, Client>();
    clients.set(connection, { connection, account, calls: [] });
    this.#byAccount.set(accountId, clients);
  }

  down(connection: MqttConnection): void {
    const { accountId } = connection.identity;
    const clients = accountId === undefined ? undefined : this.#byAccount.get(accountId);
    const client = clients?.get(connection);
    if (accountId === undefined || clients === undefined || client === undefined) return;
    clients.delete(connection);
    if (clients.size === 0) this.#byAccount.delete(accountId);
    const gone = new PorchlightError('device_offline', 'The emoncms client has just disconnected');
    for (const call of client.calls.splice(0)) call.settle(gone);
  }

  message(connection: MqttConnection, { topic, payload }: MqttMessage): void {
    const { accountId } = connection.identity;
    const client = accountId === undefined ? undefined : this.#byAccount.get(accountId)?.get(connection);
    if (client === undefined) return;
    const clientId = answeredBy(topic, namesOf(connection));
    if (clientId === undefined) return;
    const [first] = client.calls;
    if (first === undefined || first.clientId !== clientId) {
      this.strayAnswers += 1;
      return;
    }
    const answer = parseResponse(payload);
    first.settle(answer ?? new PorchlightError('bad_answer', 'The emoncms client answered with rubbish'));
  }

  /**
   * Asks a client of the account, and gives the JSON of its emoncms.
   * @throws PorchlightError `device_offline` (no client), `conflict` (several homes), `busy`, `device_timeout` (5 s;
   * the client says nothing to what its access list does not have), `bad_answer`
   */
  async ask(caller: EmoncmsCaller, call: EmoncmsCall, signal: AbortSignal): Promise<unknown> {
    const client = this.#clientOf(caller);
    if (client.calls.length >= WAITING_MAX) throw new PorchlightError('busy');
    if (signal.aborted) throw new PorchlightError('device_timeout');
    this.#count += 1;
    const clientId = `srv_${client.account}_${this.#count}`;
    return await new Promise((resolve, reject) => {
      const settle: Waiting['settle'] = (outcome) => {
        signal.removeEventListener('abort', leave);
        const at = client.calls.indexOf(waiting);
        if (at >= 0) client.calls.splice(at, 1);
        cancel();
        if (outcome instanceof PorchlightError) reject(outcome);
        else resolve(outcome.result);
        if (at === 0) this.#sendNext(client);
      };
      // Those that wait get their turn within that too, or never.
      const cancel = this.#clock.after(ANSWER_MS, () =>
        settle(new PorchlightError('device_timeout', SILENT)),
      );
      const leave = (): void => settle(new PorchlightError('device_timeout', 'The asker has left'));
      const waiting: Waiting = { clientId, message: encodeRequest(clientId, call), settle };
      signal.addEventListener('abort', leave, { once: true });
      client.calls.push(waiting);
      if (client.calls.length === 1) this.#sendNext(client);
    });
  }

  #sendNext(client: Client): void {
    const [next] = client.calls;
    if (next !== undefined) client.connection.send(requestTopic(client.account), next.message);
  }

  #clientOf({ accountId, home }: EmoncmsCaller): Client {
    const listening = [...(this.#byAccount.get(accountId)?.values() ?? [])].filter(
      ({ account, connection }) =>
        connection.subscribesTo(requestTopic(account)) &&
        (home === undefined || connection.identity.deviceName === home),
    );
    const homes = new Set(listening.map(({ connection }) => connection.identity.deviceName));
    if (homes.size > 1) {
      throw new PorchlightError(
        'conflict',
        `Several homes are connected: name one with ?home=, e.g. ${[...homes].join(', ')}`,
      );
    }
    // The last to come: an older connection of the same home may be one that nobody has missed yet.
    const client = listening.at(-1);
    if (client !== undefined) return client;
    const message =
      home === undefined
        ? 'No emoncms client of this account is connected'
        : `${home} has no emoncms client connected`;
    throw new PorchlightError('device_offline', message);
  }
}

const SILENT =
  'The emoncms client said nothing for five seconds: it is slow, or its access list does not allow this';

/** What the account is called in its topics. */
function namesOf(connection: MqttConnection): string[] {
  return connection.identity.prefixes.flatMap((prefix) => /^user\/([^/]+)\/$/.exec(prefix)?.[1] ?? []);
}
