import type { JoinRequest, LinkButtonRequest } from '@porchlight/protocol/api';

/** What domains tell each other and the live event stream; `accountId` undefined: for every admin. */
export type RelayEvent =
  /** What is kept of the device has changed: name, tags, services, access. */
  | { readonly type: 'device-changed'; readonly accountId: string; readonly deviceId: string }
  /** Only what is live about it: its link came up, went down, was measured, was paused. */
  | { readonly type: 'link-changed'; readonly accountId: string; readonly deviceId: string }
  /** It has reported something of itself, which is kept now. */
  | { readonly type: 'readings-changed'; readonly accountId: string; readonly deviceId: string }
  | { readonly type: 'device-removed'; readonly accountId: string; readonly deviceId: string }
  | {
      readonly type: 'forward-changed';
      readonly accountId: string;
      readonly deviceId: string;
      readonly forwardId: string;
    }
  | {
      readonly type: 'forward-ended';
      readonly accountId: string;
      readonly deviceId: string;
      readonly forwardId: string;
      readonly reason: string;
    }
  | { readonly type: 'join-request'; readonly accountId: string | undefined; readonly request: JoinRequest }
  | {
      readonly type: 'join-request-ended';
      readonly accountId: string | undefined;
      readonly requestId: string;
      readonly outcome: 'allowed' | 'denied' | 'expired';
    }
  | { readonly type: 'link-button-asked'; readonly accountId: string; readonly request: LinkButtonRequest }
  | {
      readonly type: 'link-button-ended';
      readonly accountId: string;
      readonly requestId: string;
      readonly outcome: 'allowed' | 'denied' | 'expired';
    }
  /** Who asks a base station to be let in, or the base station itself has come or gone. */
  | { readonly type: 'lan-requests-changed'; readonly accountId: string; readonly deviceId: string }
  | { readonly type: 'lan-devices-changed'; readonly accountId: string; readonly deviceId: string }
  | { readonly type: 'sessions-ended'; readonly accountId: string; readonly sessionIds: readonly string[] }
  | { readonly type: 'access-token-revoked'; readonly accountId: string; readonly tokenId: string }
  | { readonly type: 'share-ended'; readonly accountId: string; readonly shareId: string }
  | { readonly type: 'mqtt-credential-revoked'; readonly accountId: string; readonly credentialId: string }
  | { readonly type: 'password-changed'; readonly accountId: string }
  | { readonly type: 'ssh-key-removed'; readonly accountId: string; readonly keyId: string }
  /** Its role changed. */
  | { readonly type: 'account-changed'; readonly accountId: string }
  | { readonly type: 'account-removed'; readonly accountId: string };

/** Carries events to whoever listens. Listeners are called in order of subscription, after `publish` returned. */
export interface EventBus {
  publish(event: RelayEvent): void;
  /** Gives what ends the subscription. */
  subscribe(listener: (event: RelayEvent) => void): () => void;
}

/** The bus of a single relay process. A listener that throws is reported and does not hinder the others. */
export function createEventBus(onListenerError: (error: unknown) => void): EventBus {
  const listeners = new Set<(event: RelayEvent) => void>();
  return {
    publish(event) {
      queueMicrotask(() => {
        for (const listener of listeners) {
          try {
            listener(event);
          } catch (error) {
            onListenerError(error);
          }
        }
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
