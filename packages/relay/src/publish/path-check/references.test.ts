import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referencesOfPage, referencesOfScript, referencesOfStyle } from './references.ts';

const told = (list: { kind: string; address: string }[]): string[] =>
  list.map(({ kind, address }) => `${kind} ${address}`);

describe('the addresses that a page uses', () => {
  it('in its tags', () => {
    const page = referencesOfPage(`<title> A
      page </title><base href="/b/"><a href="/a"><link rel="Stylesheet" href="s.css"><link rel=icon href=/i.png>
      <form action="/f"><button formaction="/g"><meta http-equiv=Refresh content="3; URL='/r'">
      <img srcset="/1.png 1x, 2.png 2x" src="/0.png"><div style="background:url(/bg.png)" onclick="location='/l'">
      <script src=/s.js></script><script type="application/json">{"url":"/not"}</script>
      <style>@import "/i.css"; a{b:url('/c.png')}</style><a name=x><object data=/o>`);
    expect(page.title).toBe('A page');
    expect(page.base).toBe('/b/');
    expect(told([...page.references])).toEqual([
      ...['link /a', 'style s.css', 'link /i.png', 'form /f', 'form /g', 'redirect /r', 'link /0.png'],
      ...['link /1.png', 'link 2.png', 'style /bg.png', 'link /l', 'script /s.js', 'style /i.css'],
      ...['style /c.png', 'link /o'],
    ]);
  });

  it.each([
    ["fetch('/api/x')", 'script /api/x'],
    ['fetch(`/api/${id}`)', 'script /api/'],
    ['new WebSocket("/ws")', 'socket /ws'],
    ["new WebSocket('ws://' + location.host + '/ws')", 'socket /ws'],
    ['`wss://${window.location.host}/live`', 'socket /live'],
    ['navigator.serviceWorker.register("/sw.js")', 'worker /sw.js'],
    ["x.open('GET', '/state')", 'script /state'],
    ['$.get("/a")', 'script /a'],
    ['$.ajax({url: "/b"})', 'script /b'],
    ['axios.post("/c")', 'script /c'],
    ['import x from "/m.js"', 'script /m.js'],
    ['import("/m.js")', 'script /m.js'],
    ['window.location.href = "/home"', 'link /home'],
    ['location.replace("/home")', 'link /home'],
  ])('in a program: %s', (code, expected) => {
    expect(told(referencesOfScript(code))).toEqual([expected]);
  });

  it.each([
    'a.replace("/", "-")',
    'x = "/not/asked/for"',
    'fetch("relative")',
    'fetch("//cdn.example/x")',
    '/* /x */',
  ])('and not in %s', (code) => {
    expect(referencesOfScript(code)).toEqual([]);
  });

  it('whatever the text is, and in time that grows with its length only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        referencesOfPage(text);
        referencesOfScript(text);
        referencesOfStyle(text);
      }),
      { interruptAfterTimeLimit: 1_000 },
    );
    for (const bad of [
      'fetch(',
      'fetch ( "/',
      'url(',
      "url( '",
      'location.host + ',
      '.open("G",',
      '$',
      'import (',
      'import',
      '@import "',
      '"/',
      ' ',
    ]) {
      const text = bad.repeat(Math.floor(500_000 / bad.length));
      expect(referencesOfScript(text).length + referencesOfStyle(text).length).toBeLessThan(100_000);
      const begun = bad + ' '.repeat(500_000);
      expect(referencesOfScript(begun).length + referencesOfStyle(begun).length).toBeLessThan(2);
    }
  });
});
