// The npm client `openai` against the real pai_rag with a stub model: what a user's program does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const bin = process.env.PAI_RAG_BIN ?? path.join(root, 'build/pai_rag');
const models = process.env.PAI_RAG_TEST_MODELS ?? path.join(root, 'model_repository');
const skip = existsSync(path.join(models, 'bge-small-zh-v1.5/model.onnx')) ? false : `no model in ${models}`;
const KEY = 'key-of-the-openai-test';

let folder, stub, service, url, stubUrl, client;

async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    return port;
}

async function poll(what, seconds) {
    for (const until = Date.now() + seconds * 1000; Date.now() < until;) {
        try {
            const value = await what();
            if (value) return value;
        } catch { /* not listening yet */ }
        await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`not within ${seconds} s`);
}

const api = (route, init = {}) => fetch(url + route, { ...init, headers: { Authorization: `Bearer ${KEY}`, ...init.headers } });
const control = (order) => fetch(`${stubUrl}/control`, { method: 'POST', body: JSON.stringify({ reset: true, ...order }) });

before(async () => {
    if (skip) return;
    folder = mkdtempSync(path.join(tmpdir(), 'pai-rag-openai-'));
    stub = spawn('python3', [path.join(root, 'tests/api/stub_llm.py')], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(stub.stdout, 'data');
    stubUrl = `http://127.0.0.1:${String(line).trim()}`;
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    service = spawn(bin, ['serve', '-p', String(port)], {
        cwd: folder,
        stdio: ['ignore', 'ignore', 'ignore'],
        env: {
            PATH: process.env.PATH, PAI_RAG_MODEL_DIR: models, PAI_RAG_API_KEY: KEY,
            PAIRAG_RAG__llm__source: 'openai', PAIRAG_RAG__llm__base_url: `${stubUrl}/v1`, PAIRAG_RAG__llm__model: 'stub',
        },
    });
    await poll(async () => (await api('/api/v1/ready')).ok, 60);
    const form = new FormData();
    form.append('files', new Blob(['The observatory on Mount Kestrel opened in 1987.']), 'observatory.txt');
    const { task_id } = await (await api('/api/v1/upload_data', { method: 'POST', body: form })).json();
    await poll(async () => (await (await api(`/api/v1/get_upload_state?task_id=${task_id}`)).json()).status === 'completed', 30);
    client = new OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0 });
});

after(async () => {
    stub?.kill();
    if (service?.exitCode === null) {
        service.kill();
        await once(service, 'exit');
    }
    if (folder) rmSync(folder, { recursive: true });
});

const question = [{ role: 'user', content: 'When did the observatory open?' }];

test('chat', { skip }, async () => {
    await control({ replies: ['It opened in 1987 [1].'] });
    const reply = await client.chat.completions.create({ model: 'default', messages: question, return_reference: true });
    assert.equal(reply.choices[0].message.content, 'It opened in 1987 [1].');
    assert.equal(reply.choices[0].finish_reason, 'stop');
    assert.equal(reply.citation_details[0].name, 'observatory.txt');
    assert.ok(reply.usage.total_tokens > 0);
});

test('streamed chat', { skip }, async () => {
    await control({ replies: ['It opened in 1987 [1].'] });
    const stream = await client.chat.completions.create({
        model: 'default', messages: question, stream: true, stream_options: { include_usage: true },
    });
    let text = '', usage = null, chunks = 0;
    for await (const chunk of stream) {
        text += chunk.choices[0]?.delta?.content ?? '';
        usage = chunk.usage ?? usage;
        chunks++;
    }
    assert.equal(text, 'It opened in 1987 [1].');
    assert.ok(chunks > 3 && usage.total_tokens > 0);
});

test('the client’s own stream helper', { skip }, async () => {
    await control({ replies: ['One two three.'] });
    const runner = client.chat.completions.stream({ model: 'default', messages: question, chat_llm: true });
    assert.equal(await runner.finalContent(), 'One two three.');
});

test('a stream that is silent for a while', { skip }, async () => {
    await control({ replies: ['late answer'], behaviour: 'slow', delay_ms: 1600 });
    const stream = await client.chat.completions.create({ model: 'default', messages: question, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
    assert.equal(text, 'late answer');
});

test('a stream that breaks raises an error', { skip }, async () => {
    await control({ behaviour: 'drop' });
    const stream = await client.chat.completions.create({ model: 'default', messages: question, stream: true });
    await assert.rejects(async () => { for await (const chunk of stream) void chunk; }, OpenAI.APIError);
});

test('models', { skip }, async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.deepEqual(ids, ['default', 'bge-small-zh-v1.5']);
    assert.equal((await client.models.retrieve('default')).owned_by, 'pai');
    await assert.rejects(client.models.retrieve('nothing'), OpenAI.NotFoundError);
});

test('embeddings', { skip }, async () => {
    // the client asks for base64 by itself and decodes it
    const { data, usage } = await client.embeddings.create({ model: 'default', input: ['a text', '一段文字'] });
    assert.equal(data.length, 2);
    for (const { embedding } of data) {
        assert.equal(embedding.length, 512);
        assert.ok(Math.abs(Math.hypot(...embedding) - 1) < 1e-5);
    }
    assert.ok(usage.prompt_tokens > 0);
    const floats = await client.embeddings.create({ model: 'default', input: 'a text', encoding_format: 'float' });
    assert.ok(floats.data[0].embedding.every((v, i) => Math.abs(v - data[0].embedding[i]) < 1e-6));
});

test('errors become the client’s errors', { skip }, async () => {
    await assert.rejects(client.chat.completions.create({ model: 'default', messages: [] }), OpenAI.BadRequestError);
    const stranger = new OpenAI({ apiKey: 'wrong', baseURL: `${url}/v1`, maxRetries: 0 });
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
    await control({ behaviour: 'error500' });
    await assert.rejects(client.chat.completions.create({ model: 'default', messages: question }), (fault) => fault.status === 502);
});
