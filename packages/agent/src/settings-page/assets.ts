/** Asks how the link is, and for what else changes, as long as somebody looks. */
const SCRIPT = `const live = document.querySelector('[data-live]');
const look = async () => {
  if (live === null || document.hidden) return;
  try {
    const answer = await fetch('/status.json');
    if (answer.status === 401) location.reload();
    if (!answer.ok) return;
    const { words, tone, change } = await answer.json();
    // What was asked for is in force now, and the forms show it.
    if (change === 'done' && live.dataset.change !== change) location.replace('/');
    if (live.textContent !== words) live.textContent = words;
    live.className = tone;
  } catch {
    live.textContent = 'This page does not answer: is the agent running?';
    live.className = 'bad';
  }
};
if (live !== null) { look(); setInterval(look, 2000); }

const renew = async (part) => {
  // Nothing moves under a finger, and nothing typed is lost.
  if (document.hidden || part.contains(document.activeElement)) return;
  try {
    const answer = await fetch(part.dataset.fragment);
    if (answer.status === 401) location.reload();
    if (!answer.ok) return;
    const text = await answer.text();
    if (text === part.dataset.shown || part.contains(document.activeElement)) return;
    part.dataset.shown = text;
    part.innerHTML = text;
    part.classList.remove('stale');
  } catch {
    part.classList.add('stale');
  }
};
for (const part of document.querySelectorAll('[data-fragment]')) setInterval(renew, 2000, part);
`;

const STYLE = `:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d8dee6; --ground: #f6f7f9; --card: #fff;
  --lamp: #b45309; --good: #15803d; --bad: #b91c1c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf2; --soft: #9aa7b8; --line: #2c3644; --ground: #10151c;
  --card: #18202a; --lamp: #fbbf24; --good: #4ade80; --bad: #f87171; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header { display: flex; justify-content: space-between; align-items: center; gap: 1rem; padding: .5rem 1rem;
  background: var(--card); border-bottom: 1px solid var(--line); flex-wrap: wrap; }
nav { display: flex; gap: .25rem; flex-wrap: wrap; }
nav a { padding: .4rem .7rem; border-radius: .5rem; color: var(--soft); text-decoration: none; }
nav a[aria-current] { color: var(--ink); background: var(--ground); font-weight: 600; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; }
main.door { max-width: 26rem; padding-top: 12vh; }
h1 { font-size: 1.5rem; margin: .5rem 0 1rem; } h2 { font-size: 1.1rem; margin: 0 0 .5rem; }
section, .door form { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem; margin: 0 0 1rem; }
label { display: block; margin: 0 0 .75rem; font-size: .9rem; color: var(--soft); }
input, textarea, select { display: block; width: 100%; margin-top: .2rem; padding: .5rem .6rem; font: inherit; color: var(--ink);
  background: var(--ground); border: 1px solid var(--line); border-radius: .5rem; }
textarea, code, .code { font-family: ui-monospace, monospace; font-size: .85rem; }
fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: 0 0 .75rem; }
button { font: inherit; white-space: nowrap; padding: .5rem .9rem; border-radius: .5rem; border: 1px solid transparent; cursor: pointer;
  background: var(--lamp); color: var(--card); font-weight: 600; }
button.quiet { background: none; color: var(--soft); border-color: var(--line); font-weight: 400; }
button.key { background: none; border-color: currentColor; color: var(--good); padding: .1rem .6rem; }
button.key.write { color: var(--lamp); }
:focus-visible { outline: 2px solid var(--lamp); outline-offset: 2px; }
table { width: 100%; border-collapse: collapse; margin: 0 0 1rem; }
section table { table-layout: auto; } th { text-align: left; font-weight: 600; }
th, td { padding: .4rem .3rem; border-bottom: 1px solid var(--line); vertical-align: middle; overflow-wrap: anywhere; }
td form { margin: 0; } td:has(form) { width: 1%; white-space: nowrap; } tr.closed code { color: var(--soft); text-decoration: line-through; }
.row { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; } .row label { flex: 1 1 7rem; margin: 0; } .row form { margin: 0; }
.ways { margin: 0 0 1rem; } .filter { margin: 0 0 .5rem; } .ways a, .filter a { border: 1px solid var(--line); } .ways a[aria-current], .filter a[aria-current] { border-color: var(--lamp); }
h3 { font-size: 1rem; margin: 0 0 .5rem; } summary { cursor: pointer; padding: .4rem 0; } details { margin: 0 0 .75rem; }
.hint { color: var(--soft); font-size: .9rem; margin: 0 0 .75rem; }
.note { border-left: 4px solid var(--good); padding: .5rem .75rem; background: var(--card); border-radius: .25rem; overflow-wrap: anywhere; }
.note.wrong { border-color: var(--bad); } .good { color: var(--good); } .bad, .deny { color: var(--bad); } .paused { border-color: var(--lamp); }
.hidden { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.soft { color: var(--soft); font-size: .9rem; } .stale { opacity: .5; } .big { font-size: 1.3rem; letter-spacing: .05em; }
.cards { list-style: none; margin: 0; padding: 0; } .cards li { border-top: 1px solid var(--line); padding: .75rem 0; } .cards li:first-child { border: 0; padding-top: 0; }
.cards p { margin: 0 0 .5rem; overflow-wrap: anywhere; } .gap { margin-top: .75rem; } .grow { flex: 1 1 16rem; }
.inputs th { font-weight: 400; } .inputs .value { font-variant-numeric: tabular-nums; text-align: right; } .plot { display: block; width: 10rem; height: 2rem; }
.plot polyline { fill: none; stroke: var(--lamp); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.audit time { color: var(--soft); font-size: .85rem; white-space: nowrap; }
@media (max-width: 30rem) { header { padding: .4rem .5rem; gap: .25rem; flex-wrap: nowrap; } header nav { gap: 0; } header nav a { padding: .35rem .2rem; font-size: .84rem; }
  header button { padding: .3rem .5rem; font-size: .85rem; } .row button { white-space: normal; }
  .audit tr { display: block; padding: .4rem 0; border-bottom: 1px solid var(--line); }
  .inputs tr { display: grid; grid-template-columns: 1fr auto; padding: .4rem 0; border-bottom: 1px solid var(--line); } .inputs th, .inputs td { border: 0; padding: .1rem .2rem; }
  .audit td { display: inline; border: 0; padding: 0 .2rem 0 0; } .audit time { display: block; } }
`;

/** What everybody may fetch, by path. */
export const ASSETS: ReadonlyMap<string, { readonly type: string; readonly text: string }> = new Map([
  ['/page.js', { type: 'text/javascript; charset=utf-8', text: SCRIPT }],
  ['/style.css', { type: 'text/css; charset=utf-8', text: STYLE }],
]);
