import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Clock } from '../clock.ts';
import { hashSecret } from '../secrets.ts';
import { ROUTES } from './routes.ts';

/** Seconds that a program waits between two questions (RFC 8628 §3.2). */
const INTERVAL_S = 5;
/** A clock that runs a little fast, or a network that bunches two questions, is forgiven. */
const GRACE_MS = 1_000;
/** Each `slow_down` adds so much (RFC 8628 §3.5). */
const MORE_MS = 5_000;
/** Programs remembered; the one unheard for longest makes room. */
const POLLS_MAX = 10_000;

/** Tells programs that wait for a device code how often to ask, and those that ask too often to slow down. */
export function paceDevicePolls(provider: Provider, clock: Clock): void {
  const polls = new Map<string, { at: number; wait: number }>();
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    await next();
    const body: unknown = ctx.body;
    if (ctx.method !== 'POST' || typeof body !== 'object' || body === null) return;
    if (ctx.path === ROUTES.device_authorization && ctx.status === 200) {
      ctx.body = { ...body, interval: INTERVAL_S };
      return;
    }
    if (ctx.path !== ROUTES.token || (body as { error?: unknown }).error !== 'authorization_pending') return;
    const code = ctx.oidc.params?.['device_code'];
    if (typeof code !== 'string') return;
    const key = hashSecret(code);
    const now = clock.monotonic();
    const last = polls.get(key);
    const tooSoon = last !== undefined && now - last.at < last.wait - GRACE_MS;
    polls.delete(key);
    polls.set(key, { at: now, wait: (last?.wait ?? INTERVAL_S * 1000) + (tooSoon ? MORE_MS : 0) });
    const [oldest] = polls.keys();
    if (polls.size > POLLS_MAX && oldest !== undefined) polls.delete(oldest);
    if (tooSoon)
      ctx.body = { error: 'slow_down', error_description: 'wait 5 seconds longer between two questions' };
  });
}
