// Starts Debian's Chromium, opens pages, and records every request so that none may leave for another host.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
];

export async function startBrowser() {
    const browser = await chromium.launch({
        executablePath: process.env.PAI_RAG_TEST_CHROMIUM ?? '/usr/bin/chromium',
        args: FLAGS,
    });
    return browser;
}

/** A page of its own session; `foreign` collects addresses outside `origin`, `faults` what the page complained about. */
export async function openPage(browser, url, options = {}) {
    const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        locale: 'en-US',
        colorScheme: 'light',
        reducedMotion: 'reduce',
        ...options,
    });
    const page = await context.newPage();
    const origin = new URL(url).origin;
    const foreign = [];
    const faults = [];
    page.on('request', (request) => {
        const to = request.url();
        if (!to.startsWith('data:') && !to.startsWith('blob:') && new URL(to).origin !== origin) foreign.push(to);
    });
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text());
    });
    page.setDefaultTimeout(15000);
    await page.goto(url);
    return { page, context, foreign, faults };
}

/** What sticks out sideways, outside of the boxes that are made to scroll; empty when all is well. */
export const wider = (page) =>
    page.evaluate(() => {
        const scrolls = 'pre, .table-box, .document-name, .upload-name, .source-name, .hidden-label, select, svg, input, textarea';
        return [...document.querySelectorAll('body *')]
            .filter((element) => !element.closest(scrolls) && element.getBoundingClientRect().right > window.innerWidth + 1)
            .map((element) => `${element.tagName}.${element.className} ${Math.round(element.getBoundingClientRect().right)}`);
    });

export function scratchFolder() {
    const folder = mkdtempSync(path.join(tmpdir(), 'pai_rag_browser_'));
    return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
