import type { AuditAction, AuditEntry } from '@porchlight/protocol/api';

/** Every audited action in words that follow its actor: "ada removed the device". */
export const ACTION_WORDS: Readonly<Record<AuditAction, string>> = {
  'account.created': 'made the account',
  'account.removed': 'removed the account',
  'account.role-changed': 'changed the role of',
  'account.password-changed': 'changed the password of',
  'session.started': 'signed in',
  'session.refused': 'was refused at sign-in',
  'session.ended': 'ended a session',
  'access-token.created': 'made the access token',
  'access-token.revoked': 'revoked the access token',
  'share.created': 'made the share link',
  'share.opened': 'came in by the share link',
  'share.revoked': 'revoked the share link',
  'app.created': 'registered the app',
  'app.changed': 'changed the app',
  'app.removed': 'removed the app',
  'app.secret-made': 'made a secret for the app',
  'app.secret-removed': 'removed a secret of the app',
  'app.allowed': 'let in the app',
  'app.denied': 'said no to the app',
  'app.revoked': 'ended the access of the app',
  'mqtt-credential.created': 'made an MQTT credential for',
  'mqtt-credential.revoked': 'revoked the MQTT credential',
  'app-password.created': 'made the app password',
  'app-password.revoked': 'revoked the app password',
  'mqtt-connection.ended': 'ended an MQTT connection of',
  'device.joined': 'let in the device',
  'device.interval-changed': 'set the expected interval of',
  'device.renamed': 'renamed the device',
  'device.tagged': 'changed the tags of',
  'device.removed': 'removed the device',
  'link.up': 'came online:',
  'link.down': 'went offline:',
  'join-request.received': 'received a join request of',
  'join-request.allowed': 'allowed the request of',
  'join-request.denied': 'denied the request of',
  'lan-request.allowed': 'let in the WiFi device',
  'lan-request.denied': 'turned away the WiFi device',
  'enrolment-token.created': 'made the enrolment token',
  'enrolment-token.used': 'used the enrolment token',
  'enrolment-token.revoked': 'revoked the enrolment token',
  'service.access-changed': 'changed who may open',
  'service.removed': 'forgot the service',
  'service.opened': 'opened',
  'service.refused': 'was refused at',
  'forward.opened': 'opened a port to',
  'forward.closed': 'closed the port to',
  'tunnel.opened': 'opened a connection to',
  'ssh-key.added': 'added an SSH key',
  'ssh-key.removed': 'removed an SSH key',
  'device.enrolled': 'enrolled',
  'device.kicked': 'ended the link of',
  'device.blocked': 'blocked',
  'device.unblocked': 'unblocked',
  'service.kind-changed': 'set the kind of',
  'service.users-changed': 'changed the users of',
  'service.passthrough-changed': 'changed TLS passthrough of',
  'service.hue-remote-changed': 'changed whether apps may use from far away',
  'link-button.asked': 'asked for the link button of',
  'link-button.allowed': 'let an app press the link button of',
  'link-button.denied': 'kept an app from the link button of',
  'service.last-answers-changed': 'changed whether last answers are kept of',
  'path-route.added': 'added the path',
  'path-route.changed': 'changed the path',
  'path-route.removed': 'removed the path',
  'operator.connected': 'connected by SSH',
  'operator.disconnected': 'disconnected from SSH',
  'operator.refused': 'was refused by SSH',
  'operator.channel': 'reached over SSH',
  'terminal.opened': 'opened a terminal on',
  'terminal.closed': 'closed a terminal on',
  'forward.requested': 'asked for a forward to',
  'relay.started': 'started',
};

/** The words of an action, ready for a target or for none. A newer relay's action stays as it is. */
export function actionWords(action: AuditAction, hasTarget: boolean): string {
  const words: string | undefined = ACTION_WORDS[action];
  if (words === undefined) return action;
  return hasTarget ? words : words.replace(/:$/, '');
}

/** What the entry is about beyond its action and target, as short pieces; where it came from stands last, once. */
export function detailWords({ detail, address }: Pick<AuditEntry, 'detail' | 'address'>): string {
  const pieces = Object.entries(detail)
    .filter(([, value]) => value !== address)
    .map(([name, value]) => `${name}: ${String(value)}`);
  return [...pieces, ...(address === undefined ? [] : [`from ${address}`])].join(' · ');
}

/** `device:pi` is shown as `pi`; people and the relay under their own names. */
export function actorName(actor: string): string {
  return actor.startsWith('device:') ? actor.slice('device:'.length) : actor;
}

/** An actor that is its own target is not named twice. */
export function targetName(entry: Pick<AuditEntry, 'actor' | 'target'>): string {
  return entry.target === undefined || entry.target === actorName(entry.actor) ? '' : entry.target;
}
