// The main path through the real services: upload a PDF, ask, read a cited answer, click the citation.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openPage, startBrowser, wider } from './browser.mjs';
import { startGateway } from './gateway.mjs';
import { missing, startModel, startServices } from './service.mjs';

const PAGES = [
    `<h1>Operating manual</h1><p>The observatory on Mount Kestrel opened in 1987. Its telescope has a mirror of 4.2 metres.</p>
     <p>Visitors may come on Saturdays between ten and four. A ticket costs seven crowns.</p>`,
    `<h1>Maintenance</h1><p>The dome motor must be greased every six weeks with lithium grease.</p>
     <p>The primary mirror is washed once a year, always in September.</p>`,
];

let browser;
let services;
let model;

before(async () => {
    if (missing) return;
    browser = await startBrowser();
    [services, model] = await Promise.all([startServices(), startModel()]);
});
after(async () => {
    await browser?.close();
    await services?.close();
    await model?.close();
});

async function makePdf() {
    const page = await browser.newPage();
    await page.setContent(PAGES.map((text) => `<section style="page-break-after: always">${text}</section>`).join(''));
    const pdf = await page.pdf({ format: 'A4' });
    await page.close();
    return pdf;
}

async function withPage(url, options, work) {
    const opened = await openPage(browser, url, options);
    try {
        await opened.page.locator('.badge.ready').waitFor();
        await work(opened.page);
        assert.deepEqual(opened.foreign, [], 'requests to other hosts');
        assert.deepEqual(opened.faults, [], 'faults on the page');
    } finally {
        await opened.context.close();
    }
}

async function upload(page, name, mimeType, buffer) {
    await page.locator('.nav a').nth(1).click();
    await page.locator('input[type=file]').setInputFiles({ name, mimeType, buffer });
    const row = page.locator('.upload', { hasText: name });
    await row.and(page.locator('.done, .failed')).waitFor({ timeout: 60000 });
    assert.match(await row.getAttribute('class'), /done/, await row.innerText());
    await page.locator('.documents', { hasText: name }).waitFor();
}

async function ask(page, question) {
    await page.locator('.nav a').first().click();
    const turns = page.locator('.turn');
    const before = await turns.count();
    await page.locator('.composer textarea').fill(question);
    await page.keyboard.press('Enter');
    const turn = turns.nth(before);
    await turn.and(page.locator('[aria-busy=false]')).waitFor();
    return turn;
}

/** The first citation of the turn leads to a passage of that file and page with these words. */
async function readsSource(page, turn, name, pageNumber, words) {
    await turn.locator('.markdown .cite:enabled').first().click();
    const panel = page.locator('.passage');
    const head = await panel.locator('header').innerText();
    assert.match(head, name);
    if (pageNumber) assert.match(head, pageNumber);
    assert.match(await panel.locator('.passage-text').innerText(), words);
    await page.keyboard.press('Escape');
}

const options = { skip: missing };

test('a PDF goes in, a cited answer comes out, through nginx and without any model', options, () =>
    withPage(services.front, {}, async (page) => {
        await upload(page, 'observatory.pdf', 'application/pdf', await makePdf());
        const turn = await ask(page, 'How often must the dome motor be greased?');
        assert.match(await turn.locator('.markdown').innerText(), /six weeks/);
        assert.match(await turn.locator('.hint').first().innerText(), /no language model is configured/);
        await readsSource(page, turn, /observatory\.pdf/, /p\. 2/, /lithium grease/);
    }));

test('the same on a phone, in Chinese, in the dark', options, () =>
    withPage(services.front, { viewport: { width: 360, height: 740 }, locale: 'zh-CN', colorScheme: 'dark' }, async (page) => {
        await upload(page, '员工手册.md', 'text/markdown', Buffer.from('# 员工手册\n\n员工每年享有十五天带薪年假。\n\n报销单须在三十天内提交给财务部。\n'));
        const turn = await ask(page, '每年有多少天年假？');
        assert.match(await turn.locator('.markdown').innerText(), /十五天/);
        await readsSource(page, turn, /员工手册\.md/, null, /十五天带薪年假/);
        assert.deepEqual(await wider(page), []);
    }));

test('behind a gateway with a path prefix, and through the page server alone', options, async () => {
    const gateway = await startGateway(services.front, '/api/predict/svc');
    try {
        for (const [url, name] of [[gateway.url, 'by-gateway.txt'], [services.page, 'by-page-server.txt']])
            await withPage(url, {}, async (page) => {
                await upload(page, name, 'text/plain', Buffer.from(`The password of the ${name} lounge is marmalade.\n`));
                const turn = await ask(page, `What is the password of the ${name} lounge?`);
                assert.match(await turn.locator('.markdown').innerText(), /marmalade/);
                await readsSource(page, turn, new RegExp(name), null, /marmalade/);
            });
    } finally {
        await gateway.close();
    }
});

test('the API documentation opens behind the prefix without any foreign request', options, async () => {
    const gateway = await startGateway(services.front, '/api/predict/svc');
    try {
        const { page, context, foreign, faults } = await openPage(browser, `${gateway.url}docs`);
        await page.getByText('/api/v1/query').first().waitFor();
        assert.deepEqual([foreign, faults], [[], []]);
        await context.close();
    } finally {
        await gateway.close();
    }
});

test('a model set on the page answers with citations, and a hostile one does no harm', options, () =>
    withPage(services.front, {}, async (page) => {
        await page.locator('.nav a').nth(2).click();
        await page.getByLabel('Provider').selectOption('openai');
        await page.getByLabel('Base URL').fill(model.url);
        await page.getByLabel('Model', { exact: true }).fill('stub');
        await page.getByLabel('API key').fill('sk-of-this-test-0123456789');
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText('set, ends in 6789').waitFor();

        model.pieces = ['The mirror is washed ', 'in **September** [1', ']. Purple elephants dislike cheddar [2].'];
        const turn = await ask(page, 'When is the primary mirror washed?');
        assert.match(await turn.locator('.markdown').innerText(), /washed in September/);
        assert.equal(model.asked.at(-1).key, 'Bearer sk-of-this-test-0123456789');
        await readsSource(page, turn, /observatory\.pdf/, /p\. 2/, /September/);
        assert.ok(await turn.locator('.markdown .cite').nth(1).evaluate((chip) => chip.classList.contains('doubtful')));

        const hostile = '<img src=x onerror="window.hit=1">![p](http://evil.example/p.png) [x](javascript:window.hit=1)\n\n<script>window.hit=1</script>\n\nThe end.';
        model.pieces = [...hostile];
        const harmed = await ask(page, 'And then?');
        assert.match(await harmed.locator('.markdown').innerText(), /The end\./);
        assert.equal(await page.evaluate(() => window.hit), undefined);
        assert.equal(await harmed.locator('.markdown script, .markdown img').count(), 0);
    }));

test('a deleted document is no longer found', options, () =>
    withPage(services.front, {}, async (page) => {
        await page.locator('.nav a').nth(1).click();
        await page.getByRole('button', { name: 'Delete observatory.pdf' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
        await page.locator('.documents tr', { hasText: 'observatory.pdf' }).waitFor({ state: 'detached' });
        await page.locator('.nav a').first().click();
        await page.getByRole('combobox', { name: 'Mode' }).selectOption('retrieval');
        const turn = await ask(page, 'How often must the dome motor be greased?');
        assert.doesNotMatch(await turn.innerText(), /lithium grease/);
    }));

test('an API key set on the service is asked for by the page, through nginx', options, async () => {
    const guarded = await startServices({ PAI_RAG_API_KEY: 'open-sesame' });
    try {
        const { page, context, foreign } = await openPage(browser, guarded.front);
        await page.getByRole('dialog').getByLabel('API key').fill('open-sesame');
        await page.getByRole('dialog').getByRole('button', { name: 'Continue' }).click();
        await page.locator('.nav a').nth(1).click();
        await page.getByText('No documents yet').waitFor();
        assert.deepEqual(foreign, []);
        await context.close();
    } finally {
        await guarded.close();
    }
});
