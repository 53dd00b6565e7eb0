// Draws what comes over the WebSocket `live`, sends words through `echo`, and shows the server-sent clock.
const SECONDS = 8;
const VOLTS = 5.5;
const RETRY_MS = 1000;
const byId = (id) => document.getElementById(id);
let samples = [];

/** Keeps a WebSocket open; gives what sends over it, false while it is not open. */
function keepOpen(path, { opened, message, lost }) {
  let socket;
  const connect = () => {
    const url = new URL(path, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    socket = new WebSocket(url);
    socket.addEventListener('open', opened);
    socket.addEventListener('message', message);
    socket.addEventListener('close', () => {
      lost();
      setTimeout(connect, RETRY_MS);
    });
  };
  connect();
  return (text) => {
    if (socket.readyState !== WebSocket.OPEN) return false;
    socket.send(text);
    return true;
  };
}

const wave = () => {
  const { shape, frequency, amplitude } = Object.fromEntries(new FormData(byId('wave')));
  return JSON.stringify({ shape, frequency: Number(frequency), amplitude: Number(amplitude) });
};
const sendLive = keepOpen('live', {
  opened() {
    byId('status').textContent = 'Live';
    sendLive(wave());
  },
  message(event) {
    const news = JSON.parse(event.data);
    byId('temperature').textContent = `${news.temperature.toFixed(2)} °C`;
    samples.push(...news.samples);
    const oldest = samples.at(-1)[0] - SECONDS * 1000;
    samples = samples.filter(([ms]) => ms >= oldest);
  },
  lost() {
    byId('status').textContent = 'No connection; trying again …';
  },
});
byId('wave').addEventListener('input', () => sendLive(wave()));

function addEcho(text) {
  const line = document.createElement('li');
  line.textContent = text;
  byId('echoes').prepend(line);
  while (byId('echoes').children.length > 20) byId('echoes').lastChild.remove();
}
const asked = [];
const sendEcho = keepOpen('echo', {
  opened: () => addEcho('· open'),
  lost() {
    asked.length = 0;
    addEcho('· closed');
  },
  message(event) {
    const { at, shown } = asked.shift() ?? {};
    const took = performance.now() - at;
    byId('trip').textContent = `${took.toFixed(1)} ms`;
    if (shown) addEcho(`${event.data} (${took.toFixed(1)} ms)`);
  },
});
function echo(text, shown) {
  if (sendEcho(text)) asked.push({ at: performance.now(), shown });
  else if (shown) addEcho('· not sent: no connection');
}
byId('echo').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = new FormData(event.target).get('text');
  if (text !== '') echo(text, true);
  event.target.reset();
});
setInterval(() => echo('ping', false), 2000);

new EventSource('clock').addEventListener('message', (event) => {
  byId('clock').textContent = new Date(JSON.parse(event.data).time).toLocaleTimeString();
});

function draw() {
  const canvas = byId('plot');
  const scale = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== width * scale || canvas.height !== height * scale) {
    canvas.width = width * scale;
    canvas.height = height * scale;
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.lineWidth = 1;
  pen.strokeStyle = '#174a30';
  pen.beginPath();
  for (let column = 0; column <= SECONDS; column++) {
    const x = Math.round((column / SECONDS) * width) + 0.5;
    pen.moveTo(x, 0);
    pen.lineTo(x, height);
  }
  for (let volts = -5; volts <= 5; volts++) {
    const y = Math.round(((VOLTS - volts) / (2 * VOLTS)) * height) + 0.5;
    pen.moveTo(0, y);
    pen.lineTo(width, y);
  }
  pen.stroke();
  const newest = samples.at(-1)?.[0] ?? 0;
  pen.strokeStyle = '#4ade80';
  pen.shadowColor = '#22c55e';
  pen.shadowBlur = 8;
  pen.lineWidth = 2;
  pen.beginPath();
  for (const [ms, volts] of samples) {
    pen.lineTo(width - ((newest - ms) / (SECONDS * 1000)) * width, ((VOLTS - volts) / (2 * VOLTS)) * height);
  }
  pen.stroke();
  pen.shadowBlur = 0;
  requestAnimationFrame(draw);
}
draw();
