import type { ITheme } from '@xterm/xterm';

/** Names of style.css's colours that the terminal takes over. */
const OWN = {
  background: '--c-surface',
  foreground: '--c-ink',
  cursor: '--c-accent',
  cursorAccent: '--c-surface',
  scrollbarSliderBackground: '--c-off',
  scrollbarSliderHoverBackground: '--c-edge',
  scrollbarSliderActiveBackground: '--c-edge',
} as const;

const DAY: ITheme = {
  black: '#29241d',
  red: '#b3312b',
  green: '#1d7a46',
  yellow: '#8f5a00',
  blue: '#1f5fb0',
  magenta: '#8b3a9e',
  cyan: '#0f7280',
  white: '#b9b0a3',
  brightBlack: '#6b6154',
  brightRed: '#c8453e',
  brightGreen: '#2a8f57',
  brightYellow: '#a66a00',
  brightBlue: '#3273c8',
  brightMagenta: '#a14fb5',
  brightCyan: '#1b8795',
  brightWhite: '#e4dccf',
};
const NIGHT: ITheme = {
  black: '#35333c',
  red: '#ff8d83',
  green: '#5cc98a',
  yellow: '#f7bd58',
  blue: '#7fb0ff',
  magenta: '#d99cf0',
  cyan: '#6fd3df',
  white: '#d8d2c8',
  brightBlack: '#7b7784',
  brightRed: '#ffa9a1',
  brightGreen: '#85dbaa',
  brightYellow: '#ffd27f',
  brightBlue: '#a3c7ff',
  brightMagenta: '#e6bdf6',
  brightCyan: '#99e2ea',
  brightWhite: '#ffffff',
};

/** The terminal's colours for the page's present ones. */
export function themeOf(element: HTMLElement): ITheme {
  const own = Object.entries(OWN).map(([name, variable]) => [name, colour(element, variable)]);
  const dark = isDark(colour(element, OWN.background));
  const selection = { selectionBackground: dark ? '#5a5030' : '#f5d9a0' };
  return { ...(dark ? NIGHT : DAY), ...selection, ...Object.fromEntries(own) };
}

/** The present value of a variable: xterm.js knows nothing of variables or of light and dark. */
function colour(element: HTMLElement, variable: string): string {
  element.style.color = `var(${variable})`;
  const value = getComputedStyle(element).color;
  element.style.color = '';
  return value;
}

function isDark(rgb: string): boolean {
  const [red = 255, green = 255, blue = 255] = (rgb.match(/[\d.]+/g) ?? []).map(Number);
  return red * 0.299 + green * 0.587 + blue * 0.114 < 128;
}
