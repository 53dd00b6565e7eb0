import { ERRORS, type PorchlightError } from '@porchlight/protocol';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refresh}
<title>${escapeHtml(ERRORS[error.code].title)}</title>
<style>
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif; background: light-dark(#faf7f2, #17130e); color: light-dark(#2b2118, #efe6da); }
main { max-width: 30rem; padding: 2rem; text-align: center; }
svg { width: 4rem; height: 4rem; }
h1 { font-size: 1.4rem; margin: 1rem 0 .5rem; }
p { margin: .4rem 0; }
.hint, .again, .code { color: light-dark(#6d5f50, #b5a694); }
.code { font-size: .8rem; margin-top: 2rem; }
</style>
</head>
<body>
<main>
<svg viewBox="0 0 24 24" fill="none" stroke="${error.retry ? '#b98a3d' : '#a4573a'}" stroke-width="1.5" stroke-linejoin="round" aria-hidden="true"><path d="M12 2v2M7 8l5-4 5 4M8 8h8l1 9H7L8 8ZM9 20h6M12 11v3"/></svg>
<h1>${escapeHtml(error.message)}</h1>
${seen}
<p class="hint">${escapeHtml(error.hint)}</p>
${again}
<p class="code">${error.status} · ${error.code}</p>
</main>
</body>
</html>
`;
}
