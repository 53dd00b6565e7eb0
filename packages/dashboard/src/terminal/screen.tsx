import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef, useState } from 'react';
import { Button } from '../ui/index.ts';
import type { TerminalConnection } from './connection.ts';
import { adoptInlineStyles } from './inline-styles.ts';
import { themeOf } from './screen-theme.ts';

/** Lines kept to scroll back. */
const SCROLLBACK = 5_000;
/** Keys that a phone's keyboard lacks. */
const KEYS = [
  ['Esc', '\x1b'],
  ['Tab', '\t'],
  ['Ctrl-C', '\x03'],
  ['Ctrl-D', '\x04'],
  ['↑', '\x1b[A'],
  ['↓', '\x1b[B'],
] as const;

/** What the shell shows, and the keyboard that goes to it. */
export function Screen({ connection, live }: { connection: TerminalConnection; live: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const terminal = useRef<Terminal>(null);
  const [selected, setSelected] = useState(false);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const giveBack = adoptInlineStyles(element.ownerDocument);
    const shell = new Terminal({
      theme: themeOf(element),
      fontFamily: 'ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
      fontSize: 14,
      scrollback: SCROLLBACK,
      cursorBlink: true,
      minimumContrastRatio: 4.5,
      // A title or a link from the device changes nothing of this page.
      allowProposedApi: false,
      linkHandler: { activate: () => undefined },
    });
    terminal.current = shell;
    const fit = new FitAddon();
    shell.loadAddon(fit);
    shell.open(element);
    shell.attachCustomKeyEventHandler((event) => {
      if (event.type !== 'keydown' || !event.ctrlKey || !event.shiftKey || event.code !== 'KeyC') return true;
      event.preventDefault();
      void copy(shell);
      return false;
    });
    shell.onData((text) => connection.type(text));
    shell.onBinary((text) => connection.type(text, true));
    shell.onResize(({ cols, rows }) => connection.resize(cols, rows));
    shell.onSelectionChange(() => setSelected(shell.hasSelection()));
    connection.attach((bytes) => shell.write(bytes, () => connection.shown(bytes.length)));
    fit.fit();
    connection.resize(shell.cols, shell.rows);
    shell.focus();
    const resized = new ResizeObserver(() => fit.fit());
    const recolour = (): void => {
      shell.options.theme = themeOf(element);
    };
    const themed = new MutationObserver(recolour);
    const night = matchMedia('(prefers-color-scheme: dark)');
    resized.observe(element);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    night.addEventListener('change', recolour);
    return () => {
      resized.disconnect();
      themed.disconnect();
      night.removeEventListener('change', recolour);
      shell.dispose();
      giveBack();
      terminal.current = null;
    };
  }, [connection]);

  const press = (text: string): void => {
    connection.type(text);
    terminal.current?.focus();
  };
  const paste = async (): Promise<void> => {
    const text = await navigator.clipboard.readText();
    terminal.current?.paste(text);
    terminal.current?.focus();
  };
  return (
    <div className="grid min-h-0 grid-rows-[1fr_auto]">
      <div className="min-h-0 overflow-hidden bg-surface p-2">
        <div ref={box} role="group" aria-label="Terminal" className="size-full" />
      </div>
      <div className="flex flex-wrap items-center gap-1 border-t border-line bg-ground p-1">
        <div className="hidden flex-wrap gap-1 pointer-coarse:flex">
          {KEYS.map(([label, text]) => (
            <Button key={label} small disabled={!live} onClick={() => press(text)}>
              {label}
            </Button>
          ))}
        </div>
        <span className="grow" />
        <Button
          small
          look="quiet"
          disabled={!selected}
          onClick={() => terminal.current && void copy(terminal.current)}
        >
          Copy
        </Button>
        {typeof navigator.clipboard?.readText === 'function' && (
          <Button small look="quiet" disabled={!live} onClick={() => void paste().catch(() => undefined)}>
            Paste
          </Button>
        )}
      </div>
    </div>
  );
}

async function copy(shell: Terminal): Promise<void> {
  await navigator.clipboard?.writeText(shell.getSelection());
  shell.focus();
}
