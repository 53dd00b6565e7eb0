import type { ServiceKind } from '@porchlight/protocol';
import type { AccessMode, AuditAction, Role } from '@porchlight/protocol/api';
import type { Generated, Kysely } from 'kysely';

/** Instants are ms since 1970 UTC, hashes hex, lists JSON text. One column type per meaning on both databases. */
export interface Schema {
  accounts: {
    id: string;
    name: string;
    role: Role;
    password_hash: string;
    created_at: number;
    /** 1: its password is that of the upstream emoncms. */
    upstream: Generated<number>;
  };
  sessions: {
    id: string;
    account_id: string;
    token_hash: string;
    created_at: number;
    last_seen_at: number;
    expires_at: number;
    address: string;
    user_agent: string;
  };
  access_tokens: {
    id: string;
    account_id: string;
    name: string;
    token_hash: string;
    created_at: number;
    expires_at: number | null;
    last_used_at: number | null;
    /** JSON of a grant; null: everything that is not done in a browser only. */
    granted: string | null;
  };
  /** OAuth clients (RFC 7591 calls them so too). */
  oauth_apps: {
    /** The `client_id`. */
    id: string;
    account_id: string;
    name: string;
    /** Small image as a data URL; null: none. */
    logo: string | null;
    /** JSON list of redirect URIs. */
    callbacks: string;
    /** 1: it can keep a secret. */
    confidential: number;
    created_at: number;
  };
  /** Two at most at once, so that one is rotated without downtime. */
  oauth_app_secrets: {
    id: string;
    app_id: string;
    secret_hash: string;
    /** MD5 of `id:realm:secret` (RFC 7616), for clients that authenticate by Digest; null: made without. */
    digest_hash: string | null;
    created_at: number;
    last_used_at: number | null;
  };
  /** What the authorization server keeps for a time: codes, tokens, requests that people are asked about. */
  oauth_records: {
    kind: string;
    /** SHA-256, hex, of the identifier, which for codes and tokens is the secret itself. */
    id_hash: string;
    grant_id: string | null;
    user_code_hash: string | null;
    payload: string;
    consumed_at: number | null;
    expires_at: number | null;
  };
  /** What a person lets an app do. */
  oauth_grants: {
    id: string;
    account_id: string;
    app_id: string;
    /** JSON of a grant. */
    granted: string;
    /** The same as a scope text, with the names of then. */
    scope: string;
    /** The scope text that the app asked with. */
    asked: string;
    created_at: number;
    last_used_at: number | null;
    /** 1: the app may press the link button of light bridges without asking. */
    link_button: Generated<number>;
  };
  /** A service of a device for whoever has the link. */
  share_links: {
    id: string;
    account_id: string;
    device_id: string;
    service: string;
    name: string;
    scope: 'read' | 'write';
    token_hash: string;
    password_hash: string | null;
    created_at: number;
    expires_at: number | null;
    uses_left: number | null;
    used: number;
    last_used_at: number | null;
  };
  devices: {
    id: string;
    account_id: string;
    name: string;
    fingerprint: string;
    public_key: string;
    created_at: number;
    last_up_at: number | null;
    last_down_at: number | null;
    last_down_reason: string | null;
    last_address: string | null;
    agent: string | null;
    /** Its key is kept out since then. */
    blocked_at: number | null;
    /** When it last called home and left again; null: it never does. */
    called_at: number | null;
    /** Seconds between two calls, as a person has set it, and as it was learned. */
    call_interval_set: number | null;
    call_interval_learned: number | null;
    bytes_in: Generated<number>;
    bytes_out: Generated<number>;
  };
  /** Every name ever given. `account_id` is no foreign key: the reservation outlives device and account. */
  device_names: { name: string; account_id: string; device_id: string | null };
  device_tags: { device_id: string; position: number; tag: string };
  services: {
    device_id: string;
    name: string;
    kind: ServiceKind;
    access: AccessMode;
    /** 1: a person has set the kind. */
    kind_set: Generated<number>;
    /** 1: TLS for its host name is passed on as it comes. */
    passthrough: Generated<number>;
    /** 1: its last answers to the console's pages are kept for when it cannot be asked. */
    keep_last_answers: Generated<number>;
    /** 1: clients of the Hue remote API reach it ("out of home control"). */
    hue_remote: Generated<number>;
    last_success_at: number | null;
    last_failure_at: number | null;
    last_failure: string | null;
  };
  /** Who may open a service in mode `basic`. */
  service_users: { device_id: string; service: string; name: string; password_hash: string };
  path_routes: {
    prefix: string;
    id: string;
    account_id: string;
    device_id: string;
    service: string;
    strip: number;
    created_at: number;
  };
  /** First segments of prefixes, lower case, with the account that had each first. */
  path_segments: { segment: string; account_id: string };
  ssh_keys: {
    id: string;
    account_id: string;
    name: string;
    fingerprint: string;
    public_key: string;
    created_at: number;
    last_used_at: number | null;
  };
  /** The last value of each name that a device reports, as text. */
  readings: { device_id: string; name: string; value: string; at: number };
  /** Numbers among them, as sum and count for each interval. */
  reading_samples: { device_id: string; name: string; at: number; sum: number; count: number };
  link_events: { id: Generated<number>; device_id: string; at: number; state: 'up' | 'down' };
  /** The round trip is kept as sum and count, so that a second write to an interval still gives its mean. */
  health_samples: {
    device_id: string;
    at: number;
    rtt_sum: number;
    rtt_count: number;
    bytes_in: number;
    bytes_out: number;
  };
  relay_runs: { started_at: number; ended_at: number };
  enrolment_tokens: {
    id: string;
    account_id: string;
    note: string;
    tags: string;
    token_hash: string;
    created_at: number;
    expires_at: number;
    uses_left: number;
    used: number;
  };
  /** No foreign keys: entries outlive what they speak of. */
  audit_entries: {
    id: Generated<number>;
    account_id: string | null;
    at: number;
    actor: string;
    action: AuditAction;
    device_id: string | null;
    target: string | null;
    address: string | null;
    detail: string;
  };
  /** Devices' own MQTT credentials, and app passwords (whose `device_id` is the home that they name, if one). */
  mqtt_credentials: {
    id: string;
    account_id: string;
    device_id: string | null;
    kind: 'device' | 'app';
    name: string;
    secret_hash: string;
    created_at: number;
    last_used_at: number | null;
  };
  /** Kept sessions, and what goes with them: subscriptions, the queue, identifiers of QoS 2 messages. */
  mqtt_sessions: {
    client_id: string;
    account_id: string | null;
    device_id: string | null;
    credential_id: string | null;
    seen_at: number;
  };
  mqtt_subscriptions: { client_id: string; topic: string; qos: 0 | 1 | 2; options: string };
  mqtt_queued: {
    place: Generated<number>;
    client_id: string;
    broker_id: string;
    broker_counter: number;
    message_id: number | null;
    received: Generated<number>;
    topic: string;
    payload: Buffer;
    qos: 0 | 1 | 2;
    retain: number;
  };
  mqtt_incoming: { client_id: string; message_id: number };
  mqtt_retained: {
    topic: string;
    account_id: string | null;
    device_id: string | null;
    payload: Buffer;
    qos: 0 | 1 | 2;
    at: number;
  };
  mqtt_wills: {
    client_id: string;
    account_id: string | null;
    device_id: string | null;
    broker_id: string;
    topic: string;
    payload: Buffer;
    qos: 0 | 1 | 2;
    retain: number;
  };
  secrets: { name: string; value: string };
}

export type DatabaseKind = 'sqlite' | 'postgres';

/** An open database: the same queries run on both kinds; `kind` is for the few words that differ. */
export interface Database {
  readonly kind: DatabaseKind;
  readonly db: Kysely<Schema>;
}
