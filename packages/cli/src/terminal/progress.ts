import { span } from '@porchlight/protocol/words';
import { harmless } from './words.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 100;
/** What is done sooner needs no words. */
const SHOWN_AFTER_MS = 400;

/** Shows what is waited for and for how long, on a terminal only; ends when the work does. */
export async function withProgress<T>(text: string, work: Promise<T>): Promise<T> {
  const out = process.stderr;
  if (!out.isTTY) return work;
  const started = performance.now();
  let frame = 0;
  const timer = setInterval(() => {
    const waited = performance.now() - started;
    if (waited < SHOWN_AFTER_MS) return;
    frame = (frame + 1) % FRAMES.length;
    out.write(`\r\u001b[K${FRAMES[frame]} ${harmless(text)}${waited < 2_000 ? '' : ` ${span(waited)}`}`);
  }, FRAME_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    if (frame > 0) out.write('\r\u001b[K');
  }
}
