// A stand-in for the API with answers made to order: lets the page be tested against what a real model rarely says.
import http from 'node:http';
import { createReadStream, existsSync, statSync } from 'node:fs';
import path from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
// The policy that src/web/assets.c sends: the page must work under it here as it does there.
export const CSP =
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; object-src 'none'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

const passage = (name, page, text, score) => ({
    text,
    score,
    metadata: { file_name: name, ...(page && { page_label: String(page) }) },
    image_url: null,
});

export function defaults() {
    return {
        key: null, // API key that calls must carry
        ready: true,
        indexes: ['default_index', 'research'],
        documents: [],
        config: {
            llm: {
                source: 'dashscope', model: 'qwen-max', base_url: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
                api_key: '****9f3c', api_key_set: true, temperature: 0.1, max_tokens: 2000, system_prompt: null,
            },
            retriever: { vector_store_query_mode: 'hybrid', similarity_top_k: 3 },
            postprocessor: { similarity_threshold: 0.5 },
            node_parser: { chunk_size: 500, chunk_overlap: 10 },
            synthesizer: {
                text_qa_template: 'Context:\n{context_str}\nQuestion: {query_str}\nAnswer: ',
                citation_text_qa_template: 'Sources:\n{context_str}\nQuestion: {query_str}\nAnswer with [n]: ',
            },
        },
        patches: [],
        questions: [],
        tasks: new Map(),
        pause: 8, // ms between the pieces of an answer
        breakAfter: null, // pieces after which the connection is cut
        answer: {
            pieces: [
                'The pump moves **40 litres per minute** [1] and needs ', 'service every six months [2].\n\n',
                '| Part | Interval |\n|---|---|\n| Filter | 3 months |\n| Seal | 6 months |\n\n', 'Its colour is blue [3].',
            ],
            last: {
                session_id: '0123456789abcdef0123456789abcdef',
                new_query: 'How fast is the pump?',
                docs: [
                    passage('pump-manual.pdf', 4, 'Installation took place in 1998. The pump moves 40 litres per minute at 2 bar. The noise stays below 60 dB(A).', 0.8731),
                    passage('maintenance-plan.pdf', 12, 'All pumps are serviced every six months. Filters are changed every three months.', 0.7902),
                    passage('catalogue.md', 0, 'The catalogue lists accessories. Delivery takes two weeks.', 0.6114),
                ],
                citations: [
                    { number: 1, valid: true, support: 0.9 },
                    { number: 2, valid: true, support: 0.8 },
                    { number: 3, valid: true, support: 0 },
                ],
                extractive: false,
                usage: { prompt_tokens: 800, completion_tokens: 61, total_tokens: 861 },
            },
        },
    };
}

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

async function body(request) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    return Buffer.concat(pieces);
}

async function stream(response, state) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const [n, delta] of state.answer.pieces.entries()) {
        if (state.breakAfter === n) return void response.destroy();
        response.write(`data: ${JSON.stringify({ delta, is_finished: false })}\n\n`);
        await sleep(state.pause);
    }
    response.end(`data: ${JSON.stringify({ delta: '', is_finished: true, ...state.answer.last })}\n\n`);
}

function uploaded(bytes, state) {
    const names = [...bytes.toString('latin1').matchAll(/name="files"; filename="([^"]*)"/g)].map((match) =>
        Buffer.from(match[1], 'latin1').toString('utf8'),
    );
    const id = String(state.tasks.size + 1).padStart(32, '0');
    state.tasks.set(id, { names, polls: 0 });
    return { task_id: id };
}

function taskState(id, state) {
    const task = state.tasks.get(id);
    const stages = ['queued', 'parse', 'chunk', 'embed', 'store'];
    const poll = task.polls++;
    const over = poll >= stages.length;
    const files = task.names.map((name) => {
        const bad = name.endsWith('.exe');
        if (over && !bad && !state.documents.some((one) => one.name === name)) {
            state.documents.unshift({
                id: `${state.documents.length + 1}`.padStart(32, 'a'), index_name: 'default_index', name, file_type: 'pdf',
                size: 482133, pages: 12, chunks: 80, tokens: 9000, sha256: 'x', created_at: '2025-06-03T09:12:00Z',
            });
        }
        return {
            name,
            state: over ? (bad ? 'failed' : 'completed') : 'processing',
            stage: over ? 'done' : stages[poll],
            progress: over ? 1 : (poll + 0.5) / stages.length,
            error: over && bad ? 'Files of type .exe are not supported: upload PDF, Markdown, HTML, text, CSV or JSON Lines.' : null,
            warning: null, pages: 12, chunks: 80, duplicate: false, doc_id: null,
        };
    });
    const failed = files.some((file) => file.state === 'failed');
    return { task_id: id, status: !over ? 'processing' : failed ? 'failed' : 'completed', detail: null, files };
}

function api(state, request, response, url) {
    const reply = (status, json) => {
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(json));
    };
    const route = `${request.method} ${url.pathname}`;
    if (state.key && !route.endsWith('/health') && request.headers['x-api-key'] !== state.key)
        return reply(401, { message: 'This service needs its API key: send Authorization: Bearer <PAI_RAG_API_KEY>.' });
    const document = url.pathname.match(/^\/api\/v1\/documents\/(\w+)$/);
    const index = url.pathname.match(/^\/api\/v1\/indexes\/(\w+)$/);
    if (route === 'GET /api/v1/health') return reply(200, { status: 'OK', ready: state.ready });
    if (route === 'GET /api/v1/indexes')
        return reply(200, {
            indexes: Object.fromEntries(state.indexes.map((name) => [name, { index_name: name }])),
            current_index_name: 'default_index',
        });
    if (index && request.method === 'POST') {
        state.indexes.push(index[1]);
        return reply(200, { msg: 'ok' });
    }
    if (index && request.method === 'DELETE') {
        state.indexes = state.indexes.filter((name) => name !== index[1]);
        return reply(200, { msg: 'ok' });
    }
    if (route === 'GET /api/v1/documents') {
        const wanted = url.searchParams.get('index_name');
        const query = url.searchParams.get('query').toLowerCase();
        const found = state.documents.filter((one) => one.index_name === wanted && one.name.toLowerCase().includes(query));
        const offset = Number(url.searchParams.get('offset'));
        return reply(200, { documents: found.slice(offset, offset + Number(url.searchParams.get('limit'))), total: found.length });
    }
    if (document && request.method === 'DELETE') {
        state.documents = state.documents.filter((one) => one.id !== document[1]);
        return reply(200, { msg: 'ok' });
    }
    if (route === 'GET /api/v1/config') return reply(200, state.config);
    if (route === 'GET /api/v1/get_upload_state') return reply(200, taskState(url.searchParams.get('task_id'), state));
    return body(request).then((bytes) => {
        if (route === 'POST /api/v1/upload_data') return reply(200, uploaded(bytes, state));
        const json = JSON.parse(bytes.toString());
        if (route === 'PATCH /api/v1/config') {
            state.patches.push(json);
            if (json.node_parser?.chunk_size === 7)
                return reply(400, { message: 'node_parser.chunk_size must be between 16 and 8192, not 7.' });
            for (const [section, values] of Object.entries(json)) Object.assign(state.config[section], values);
            return reply(200, { msg: 'Update RAG configuration successfully.' });
        }
        state.questions.push({ path: url.pathname, ...json });
        if (route === 'POST /api/v1/query/retrieval') return reply(200, { docs: state.answer.last.docs });
        if (route === 'POST /api/v1/query' || route === 'POST /api/v1/query/llm') return stream(response, state);
        return reply(404, { message: 'Not found' });
    });
}

/** Serves the built page and the stand-in API; the returned state may be changed while it runs. */
export async function startFake(dist) {
    const state = defaults();
    const server = http.createServer((request, response) => {
        const url = new URL(request.url, 'http://host');
        if (url.pathname.startsWith('/api/')) return void api(state, request, response, url);
        const file = path.join(dist, url.pathname === '/' ? 'index.html' : path.normalize(url.pathname));
        if (!existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
        response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)], 'Content-Security-Policy': CSP });
        createReadStream(file).pipe(response);
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    const close = () => {
        server.closeAllConnections();
        return new Promise((closed) => server.close(closed));
    };
    return { state, url: `http://127.0.0.1:${server.address().port}/`, close };
}
