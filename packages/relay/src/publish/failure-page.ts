import { ERRORS, type PorchlightError } from '@porchlight/protocol';
import { escapeHtml, lantern, plainPage } from './plain-page.ts';

/** `3 minutes`, `2 hours`, `5 days`: how long ago something was, for people. */
function spanInWords(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return 'less than a minute';
  const [count, unit] =
    minutes < 60
      ? [minutes, 'minute']
      : minutes < 48 * 60
        ? [Math.round(minutes / 60), 'hour']
        : [Math.round(minutes / 1440), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** The page that a person sees instead of the device's own. No script; tries again by itself when that may help. */
export function failurePage(error: PorchlightError, now = Date.now()): string {
  const since = error.detail['offlineSince'];
  const seen =
    typeof since === 'number'
      ? `<p class="since">Last seen ${spanInWords(now - since)} ago, on ${escapeHtml(new Date(since).toUTCString())}.</p>`
      : '';
  const refresh = error.retry ? '<meta http-equiv="refresh" content="10">' : '';
  const again = error.retry ? '<p class="again">This page tries again every ten seconds.</p>' : '';
  return plainPage({
    title: ERRORS[error.code].title,
    head: refresh,
    main: `${lantern(error.retry ? undefined : '#a4573a')}
<h1>${escapeHtml(error.message)}</h1>
${seen}
<p class="hint">${escapeHtml(error.hint)}</p>
${again}
<p class="code">${error.status} · ${error.code}</p>`,
  });
}
