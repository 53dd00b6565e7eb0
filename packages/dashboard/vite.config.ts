import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** A relay to develop against: `PORCHLIGHT_ORIGIN=http://127.0.0.1:8080 npx vite` in this folder. */
const relay = process.env['PORCHLIGHT_ORIGIN'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The page's Content-Security-Policy knows no inline code; every target browser preloads modules by itself.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: { proxy: { '/api': { target: relay, ws: true }, '/install': relay } },
});
