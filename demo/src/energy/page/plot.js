// Lines over time as SVG.
const MARGIN = { left: 46, right: 6, top: 8, bottom: 20 };

/** Round steps that give about `count` lines between `low` and `high`. */
function ticks(low, high, count) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const first = Math.ceil(low / step) * step;
  const list = [];
  for (let at = first; at <= high + step / 1000; at += step) list.push(Number(at.toFixed(6)));
  return list;
}

const HOUR = 3_600_000;
const STEPS = [1, 2, 3, 4, 6, 12, 24, 48, 96, 168].map((hours) => hours * HOUR);

function timeTicks(start, end, count) {
  const step = STEPS.find((each) => (end - start) / each <= count) ?? STEPS.at(-1);
  const offset = new Date(start).getTimezoneOffset() * 60_000;
  const list = [];
  for (let at = Math.ceil((start - offset) / step) * step + offset; at <= end; at += step) {
    const date = new Date(at);
    const day = { day: 'numeric', month: 'short' };
    const hour = { hour: '2-digit', minute: '2-digit' };
    list.push([at, step >= 24 * HOUR ? date.toLocaleDateString([], day) : date.toLocaleTimeString([], hour)]);
  }
  return list;
}

function node(name, attributes, text = '') {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

/** Draws `lines` of `{ kind, area, points: [ms, value | null][] }`; `kind` is a CSS class with a colour. */
export function plot(svg, lines, { start, end, low, high, zero = false, label }) {
  const width = svg.clientWidth || 600;
  const height = svg.clientHeight || 200;
  const values = lines.flatMap(({ points }) =>
    points.map((point) => point[1]).filter((each) => each !== null),
  );
  const bottom = low ?? Math.min(...values, ...(zero ? [0] : []));
  const top = high ?? Math.max(...values, bottom + 1);
  const spare = low === undefined ? (top - bottom) * 0.05 : 0;
  const x = (ms) => MARGIN.left + ((ms - start) / (end - start)) * (width - MARGIN.left - MARGIN.right);
  const y = (value) =>
    MARGIN.top + ((top + spare - value) / (top - bottom + 2 * spare)) * (height - MARGIN.top - MARGIN.bottom);

  const parts = [];
  for (const value of ticks(bottom, top, height / 36)) {
    const at = y(value);
    parts.push(
      node('line', { x1: MARGIN.left, x2: width, y1: at, y2: at, class: value === 0 && zero ? 'zero' : '' }),
    );
    parts.push(node('text', { x: MARGIN.left - 6, y: at + 4, 'text-anchor': 'end' }, label(value)));
  }
  for (const [ms, text] of timeTicks(start, end, width / 75)) {
    parts.push(node('text', { x: x(ms), y: height - 5, 'text-anchor': 'middle' }, text));
  }
  for (const { kind, area, points } of lines) {
    let drawn = '';
    let pen = 'M';
    const known = points.filter((point) => point[1] !== null);
    for (const [ms, value] of points) {
      if (value !== null) drawn += `${pen}${x(ms).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = value === null ? 'M' : 'L';
    }
    if (area && known.length > 1) {
      const floor = y(Math.max(0, bottom));
      const closed = `${drawn}L${x(known.at(-1)[0])} ${floor}L${x(known[0][0])} ${floor}Z`;
      parts.push(node('path', { d: closed, class: `area ${kind}` }));
    }
    parts.push(node('path', { d: drawn, class: kind }));
  }
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(...parts);
}
