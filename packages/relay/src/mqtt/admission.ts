import { mayPublish } from '@porchlight/protocol/mqtt';
import type { Client, ConnectPacket } from 'aedes';
import type { MqttIdentity } from './identity.ts';
import { CLIENT_ID_MAX, CONNECTIONS_MAX, KEPT_SESSIONS_MAX } from './limits.ts';
import type { Logins } from './logins.ts';
import type { Persistence } from './messages/persistence.ts';
import type { InsideClient } from './ordered-aedes.ts';
import { CONNACK, ConnectRefusal } from './refusals.ts';

export interface AdmissionParts {
  readonly logins: Pick<Logins, 'identify'>;
  readonly persistence: Pick<Persistence, 'sessions' | 'keepSession'>;
  /** Connections of an identity's scope that are signed in. */
  readonly countOf: (scope: string) => number;
}

/** Decides about a CONNECT: who it is, and whether there is a place. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #connects = new WeakMap<Client, ConnectPacket>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Remembers what the library does not pass on later. */
  note(client: Client, packet: ConnectPacket): void {
    this.#connects.set(client, packet);
  }

  /** @throws ConnectRefusal, and what {@link Logins.identify} throws */
  async admit(client: InsideClient, user: string, password: string, address: string): Promise<MqttIdentity> {
    const connect = this.#connects.get(client);
    const given = connect?.clientId ?? '';
    if (given.length > CLIENT_ID_MAX || /\p{Cc}/u.test(given)) {
      throw new ConnectRefusal(CONNACK.clientId, `the client id is longer than ${CLIENT_ID_MAX} characters`);
    }
    // [MQTT-3.1.3-8]
    if (given === '' && connect?.clean === false) {
      throw new ConnectRefusal(CONNACK.clientId, 'a session without a client id cannot be kept');
    }
    const identity = await this.#parts.logins.identify({ user, password }, address);
    const will = connect?.will;
    if (will !== undefined && will !== null && !mayPublish(identity.prefixes, will.topic)) {
      throw new ConnectRefusal(CONNACK.notAuthorised, 'the will is for a topic of somebody else');
    }
    if (identity.kind === 'join' && (will !== undefined || connect?.clean === false)) {
      throw new ConnectRefusal(
        CONNACK.notAuthorised,
        'a client that asks to be let in has a clean session and no will',
      );
    }
    const scope = identity.scope;
    if (this.#parts.countOf(scope) >= CONNECTIONS_MAX) {
      throw new ConnectRefusal(CONNACK.unavailable, `there are ${CONNECTIONS_MAX} connections of it already`);
    }
    // The same client id under another identity is another client: nobody can take over somebody else's.
    client.id = scope + client.id;
    if (connect?.clean === false) await this.#keepSession(client.id, scope);
    return identity;
  }

  async #keepSession(clientId: string, scope: string): Promise<void> {
    const { sessions } = this.#parts.persistence;
    if (!sessions.has(clientId) && sessions.countOf(scope) >= KEPT_SESSIONS_MAX) {
      throw new ConnectRefusal(CONNACK.unavailable, `${KEPT_SESSIONS_MAX} sessions are kept for it already`);
    }
    await this.#parts.persistence.keepSession(clientId);
  }
}
