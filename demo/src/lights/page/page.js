// Shows the bridge's lamps and switches them; the bridge tells every open page of each change.
const byId = (id) => document.getElementById(id);
const cards = new Map();
let home = { lights: {}, groups: {} };

async function send(path, body) {
  try {
    const response = await fetch(path, { method: body ? 'PUT' : 'POST', body: body && JSON.stringify(body) });
    if (response.status === 403) throw new Error('the house does not allow that from outside');
    if (!response.ok) throw new Error(`the bridge answered ${response.status}`);
    const answer = await response.json();
    const problem = Array.isArray(answer) ? answer.find((each) => each.error)?.error : undefined;
    if (problem) throw new Error(problem.description);
    return true;
  } catch (error) {
    byId('status').textContent = `Not done: ${error.message}`;
    return false;
  }
}

/** The colour of a lamp on the screen, roughly. */
function colour({ colormode, hue, sat, ct }) {
  if (colormode === 'hs') return `hsl(${(hue / 65536) * 360} ${40 + (sat / 254) * 60}% 58%)`;
  const warm = ((ct - 153) / (500 - 153)) * 100;
  return `color-mix(in srgb, #ffab52 ${warm}%, #bcd9ff)`;
}

function makeCard(id, { state }) {
  const card = byId('lamp').content.firstElementChild.cloneNode(true);
  const part = (selector) => card.querySelector(selector);
  part('.hued').hidden = state.hue === undefined;
  part('.white').hidden = state.hue !== undefined;
  const set = (change) => void send(`switch/lights/${id}/state`, change);
  part('.on').addEventListener('click', () => set({ on: !home.lights[id].state.on }));
  part('.bri').addEventListener('input', (event) => set({ on: true, bri: Number(event.target.value) }));
  part('.hue').addEventListener('input', (event) => set({ on: true, hue: Number(event.target.value) }));
  part('.ct').addEventListener('input', (event) => set({ on: true, ct: Number(event.target.value) }));
  return card;
}

function makeRooms() {
  for (const group of Object.values(home.groups)) {
    const room = byId('room').content.firstElementChild.cloneNode(true);
    room.querySelector('h2').textContent = group.name;
    for (const id of group.lights) {
      cards.set(id, makeCard(id, home.lights[id]));
      room.querySelector('.grid').append(cards.get(id));
    }
    byId('rooms').append(room);
  }
}

function show() {
  if (cards.size === 0) makeRooms();
  for (const [id, card] of cards) {
    const { name, state } = home.lights[id];
    card.classList.toggle('off', !state.on);
    card.querySelector('h3').textContent = name;
    card.querySelector('.on').setAttribute('aria-checked', String(state.on));
    card.querySelector('.on').setAttribute('aria-label', name);
    card.style.setProperty('--lamp', colour(state));
    card.style.setProperty('--shine', state.on ? 0.25 + (state.bri / 254) * 0.65 : 0);
    for (const kind of ['bri', 'hue', 'ct']) {
      const slider = card.querySelector(`.${kind}`);
      // The hand that moves a slider is ahead of what the bridge says.
      if (slider !== document.activeElement && state[kind] !== undefined) slider.value = state[kind];
    }
  }
  const lit = Object.values(home.lights).filter(({ state }) => state.on).length;
  byId('status').textContent = lit === 0 ? 'All dark' : `${lit} of ${cards.size} on`;
  byId('all').textContent = lit === 0 ? 'All on' : 'All off';
  byId('all').dataset.on = String(lit === 0);
}

const events = new EventSource('events');
events.addEventListener('message', (event) => {
  home = JSON.parse(event.data);
  show();
});
events.addEventListener('error', () => {
  byId('status').textContent = 'No connection to the bridge; trying again …';
});
byId('all').addEventListener('click', (event) => {
  void send('switch/groups/0/action', { on: event.target.dataset.on === 'true' });
});
const linkHelp = byId('link-state').textContent;
async function pressLink() {
  if (!(await send('button'))) return;
  byId('link-state').textContent = 'Pressed: a program may register within the next 30 seconds.';
  setTimeout(() => {
    byId('link-state').textContent = linkHelp;
  }, 30_000);
}
byId('link').addEventListener('click', () => void pressLink());
