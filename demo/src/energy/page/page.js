// Shows the house's feeds as the emoncms API gives them. The API key is added on the way, on the device.
import { plot } from './plot.js';

const REFRESH_MS = 10_000;
const byId = (id) => document.getElementById(id);
const feeds = new Map();
let hours = 24;
/** Counts drawings, so that an answer to an older question is not drawn over a newer one. */
let drawing = 0;

async function api(route, params = {}) {
  const query = new URLSearchParams(params);
  const key = sessionStorage.getItem('key');
  if (key) query.set('apikey', key);
  const response = await fetch(`emoncms/${route}.json?${query}`);
  if (!response.ok) throw new Error(`the monitor answered ${response.status}`);
  const answer = await response.json();
  if (answer?.success === false) throw Object.assign(new Error(answer.message), { refused: true });
  return answer;
}

function watts(value) {
  const size = Math.abs(value);
  return size >= 1000 ? `${(size / 1000).toFixed(2)} kW` : `${Math.round(size)} W`;
}

function showNow() {
  const value = (name) => Number(feeds.get(name).value);
  byId('solar').textContent = watts(value('solar'));
  byId('use').textContent = watts(value('use'));
  byId('import').textContent = watts(value('import'));
  byId('import-title').textContent = value('import') < 0 ? 'To the grid' : 'From the grid';
  const power = value('battery_power');
  byId('battery_soc').textContent = `${Math.round(value('battery_soc'))} %`;
  byId('battery-title').textContent =
    Math.abs(power) < 5 ? 'Battery' : `Battery ${power > 0 ? 'gives' : 'takes'} ${watts(power)}`;
  byId('level').style.width = `${value('battery_soc')}%`;
}

async function showPlots() {
  const mine = ++drawing;
  const end = Date.now();
  const start = end - hours * 3_600_000;
  // About one point for every two pixels of a wide screen.
  const interval = Math.max(10, Math.ceil((hours * 3600) / 500 / 10) * 10);
  const line = async (name, kind, area = false) => ({
    kind,
    area,
    points: await api('feed/data', { id: feeds.get(name).id, start: Math.round(start), end, interval }),
  });
  const [solar, use, grid, charge, inside, outside] = await Promise.all([
    line('solar', 'solar', true),
    line('use', 'use'),
    line('import', 'grid-power'),
    line('battery_soc', 'battery', true),
    line('living_room', 'inside'),
    line('outside', 'outside'),
  ]);
  if (mine !== drawing) return;
  const kilowatts = (value) => `${value / 1000} kW`;
  plot(byId('power'), [solar, grid, use], { start, end, zero: true, label: kilowatts });
  plot(byId('charge'), [charge], { start, end, low: 0, high: 100, label: (value) => `${value} %` });
  plot(byId('temperature'), [inside, outside], { start, end, label: (value) => `${value}°` });
}

async function refresh() {
  try {
    for (const feed of await api('feed/list')) feeds.set(feed.name, feed);
    byId('locked').hidden = true;
    byId('meters').hidden = false;
    showNow();
    await showPlots();
    byId('status').textContent = `Measured ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    byId('status').textContent = `No reading: ${error.message}`;
    if (error.refused) {
      byId('locked').hidden = false;
      byId('meters').hidden = feeds.size === 0;
    }
  }
}

byId('ranges').addEventListener('click', (event) => {
  const chosen = event.target.closest('button');
  if (!chosen) return;
  hours = Number(chosen.dataset.hours);
  for (const button of byId('ranges').children)
    button.setAttribute('aria-pressed', String(button === chosen));
  void refresh();
});
byId('locked').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('key', new FormData(event.target).get('key'));
  void refresh();
});
addEventListener('resize', () => {
  if (feeds.size > 0) void refresh();
});
setInterval(() => {
  if (!document.hidden) void refresh();
}, REFRESH_MS);
void refresh();
