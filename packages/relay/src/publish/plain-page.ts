const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
}

/** The lantern over every page that the relay itself shows on a published host. */
export function lantern(colour = '#b98a3d'): string {
  return `<svg viewBox="0 0 24 24" fill="none" stroke="${colour}" stroke-width="1.5" stroke-linejoin="round" aria-hidden="true"><path d="M12 2v2M7 8l5-4 5 4M8 8h8l1 9H7L8 8ZM9 20h6M12 11v3"/></svg>`;
}

/** A page of the relay's own on a published host: one column, light and dark, nothing loaded. `main` is HTML. */
export function plainPage({
  title,
  main,
  head = '',
}: {
  title: string;
  main: string;
  head?: string;
}): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${head}
<title>${escapeHtml(title)}</title>
<style>
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 16px/1.5 system-ui, sans-serif; background: light-dark(#faf7f2, #17130e); color: light-dark(#2b2118, #efe6da); }
main { max-width: 30rem; padding: 2rem; text-align: center; }
svg { width: 4rem; height: 4rem; }
h1 { font-size: 1.4rem; margin: 1rem 0 .5rem; }
p { margin: .4rem 0; }
.hint, .again, .code { color: light-dark(#6d5f50, #b5a694); }
.code { font-size: .8rem; margin-top: 2rem; }
form { display: grid; gap: .8rem; margin-top: 1.2rem; text-align: left; }
[hidden] { display: none !important; }
label { display: grid; gap: .3rem; font-size: .9rem; }
input { font: inherit; padding: .55rem .7rem; border: 1px solid light-dark(#d8cbb9, #4a4034); border-radius: .6rem; background: light-dark(#fff, #211b15); color: inherit; min-width: 0; }
button { font: inherit; font-weight: 600; padding: .6rem 1rem; border: 0; border-radius: .6rem; background: light-dark(#8a5a12, #e0a94d); color: light-dark(#fff, #1d150a); cursor: pointer; }
:focus-visible { outline: 2px solid light-dark(#8a5a12, #e0a94d); outline-offset: 2px; }
.bad { color: light-dark(#a0341c, #ff9c84); }
</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
}
