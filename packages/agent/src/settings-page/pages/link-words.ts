import type { LinkChange } from '../device-control.ts';
import type { PageContext } from './page.ts';

/** How the link is, in a sentence or two. */
export function linkWords({ control, clock }: PageContext): string {
  const change = changeWords(control.linkChange());
  const status = control.status();
  if (status === undefined) return change ?? 'This device has joined no relay yet.';
  const { link, relay, name, paused } = status;
  const now = (): string => {
    const since = `for ${span(clock.now() - link.since)}`;
    switch (link.state) {
      case 'up': {
        const trip = link.rtt === undefined ? '' : `, round trip ${Math.round(link.rtt)} ms`;
        const pause = paused ? ' It is paused: nobody gets in.' : '';
        return `Linked to ${relay} as ${name} over ${NAMES[link.transport]} ${since}${trip}.${pause}`;
      }
      case 'connecting':
        return `Connecting to ${relay} …`;
      case 'pending':
        return `${relay} waits for somebody to press Allow. Code ${link.code}, at ${link.url}`;
      case 'waiting':
        return `No link to ${relay} ${since}: ${link.reason}. Next try in ${span(link.retryAt - clock.now())}.`;
      case 'denied':
        return `${relay} refused: ${link.reason}. ${link.hint}`;
      case 'stopped':
        return 'The agent is stopping.';
    }
  };
  // What was asked for first; the present link goes on meanwhile.
  return change === undefined ? now() : `${change} ${now()}`;
}

const NAMES = { ssh: 'SSH', https: 'the HTTPS port', websocket: 'a WebSocket', mqtt: 'MQTT' } as const;

/** Undefined: there is nothing to tell of a change. */
function changeWords(change: LinkChange): string | undefined {
  switch (change.state) {
    case 'verifying':
      return 'Asking the relay …';
    case 'pending':
      return `Somebody has to press Allow. Code ${change.code}, at ${change.url}`;
    case 'failed':
      return `${change.asked.way === 'join' ? 'Not joined' : 'Not saved'}: ${change.reason}.`;
    case 'idle':
    case 'done':
      return undefined;
  }
}

function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
