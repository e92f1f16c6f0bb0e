// Builds the page into dist/: relative URLs only (it runs behind any path prefix), nothing inline (CSP).
import { defineConfig } from 'vite';

export default defineConfig({
    base: './',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
        target: 'es2022',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: true,
    },
});
