/** A message as it is kept. */
export interface KeptMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** Whose something is, so that it goes with them; all undefined: nobody's, as in the library's own tests. */
export interface Owner {
  readonly accountId?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly credentialId?: string | undefined;
}

/** A message in the queue of one kept session. */
export interface QueuedMessage extends KeptMessage {
  /** Its place: later ones are larger. */
  readonly place: number;
  readonly brokerId: string;
  readonly brokerCounter: number;
  /** Given when it was sent; undefined: not sent yet. */
  readonly messageId: number | undefined;
  /** True: the client has it (PUBREC), and only its release is outstanding. */
  readonly received: boolean;
}

export interface Subscription {
  readonly topic: string;
  readonly qos: 0 | 1 | 2;
  /** What MQTT 5 adds, as the library gives it. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Will extends KeptMessage {
  readonly clientId: string;
  readonly brokerId: string;
}

/** One change to what is kept. */
export type MessageChange =
  | ({ readonly change: 'session'; readonly clientId: string; readonly at: number } & Owner)
  | { readonly change: 'session-ended'; readonly clientId: string }
  | ({ readonly change: 'subscribe'; readonly clientId: string } & Subscription)
  | { readonly change: 'unsubscribe'; readonly clientId: string; readonly topic: string }
  | ({
      readonly change: 'enqueue';
      readonly clientId: string;
      readonly brokerId: string;
      readonly brokerCounter: number;
    } & KeptMessage)
  /** It was sent under this identifier. */
  | {
      readonly change: 'sent';
      readonly clientId: string;
      readonly brokerId: string;
      readonly brokerCounter: number;
      readonly messageId: number;
    }
  | { readonly change: 'received'; readonly clientId: string; readonly messageId: number }
  | { readonly change: 'done'; readonly clientId: string; readonly messageId: number }
  | { readonly change: 'incoming'; readonly clientId: string; readonly messageId: number }
  | { readonly change: 'incoming-done'; readonly clientId: string; readonly messageId: number }
  | { readonly change: 'incoming-forgotten'; readonly clientId: string }
  /** An empty payload removes what is retained (MQTT 3.1.1 §3.3.1.3). */
  | ({ readonly change: 'retain'; readonly at: number } & KeptMessage & Owner)
  | ({ readonly change: 'will' } & Will & Owner)
  | { readonly change: 'no-will'; readonly clientId: string };

/** A kept session with what has to be known of it at once. */
export interface KeptSession {
  readonly clientId: string;
  readonly subscriptions: readonly Subscription[];
  readonly queued: number;
  /** Of their payloads. */
  readonly queuedBytes: number;
}

/**
 * Keeps what an MQTT broker must not lose. A client id comes with its scope and is unique on the relay. Everything of
 * an account, a device or an app password goes when that goes.
 */
export interface MessageStore {
  /** One transaction, in order. What speaks of a session that is gone is passed over. */
  write(changes: readonly MessageChange[]): Promise<void>;
  /** All kept sessions, in order of client id, those after `after` first. */
  sessions(page: { after?: string | undefined; limit: number }): Promise<KeptSession[]>;
  /** A session's queue in order, places after `after` first; of large messages fewer than `limit`, as below. */
  queued(
    clientId: string,
    page: { after: number; limit: number; unsent?: boolean },
  ): Promise<QueuedMessage[]>;
  sentAs(clientId: string, messageId: number): Promise<QueuedMessage | undefined>;
  /** Identifiers of QoS 2 messages that wait for their PUBREL. */
  incoming(clientId: string): Promise<number[]>;
  /** Retained messages whose topic begins so, in order of topic: one, and more up to a megabyte and `limit`. */
  retained(topicStart: string, page: { after?: string | undefined; limit: number }): Promise<KeptMessage[]>;
  countRetained(accountId: string): Promise<{ readonly count: number; readonly bytes: number }>;
  wills(): Promise<Will[]>;
  /** Ends sessions whose client was last seen before. */
  endSessions(before: number): Promise<string[]>;
}
