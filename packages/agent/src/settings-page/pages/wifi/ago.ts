import { span } from '@porchlight/protocol/words';
import type { PageContext } from '../page.ts';

export { span };

export function ago(clock: PageContext['clock'], at: number): string {
  return `${span(Math.max(0, clock.now() - at))} ago`;
}
