// The three services for real, in a folder of their own: API, page server, nginx; and a model that says what a test wants.
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratchFolder } from './browser.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = process.env.PAI_RAG_BIN ?? path.join(ROOT, 'build/pai_rag');
const MODELS = process.env.PAI_RAG_TEST_MODELS ?? path.join(ROOT, 'model_repository');

/** Why the services cannot run here, or false. */
export const missing = !existsSync(path.join(MODELS, 'bge-small-zh-v1.5')) && `no embedding model in ${MODELS}`;

function freePort() {
    return new Promise((resolve) => {
        const probe = net.createServer().listen(0, '127.0.0.1', () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}

async function answers(url, seconds, processes, headers = {}) {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
        const ended = processes.find((one) => one.child.exitCode !== null);
        if (ended) throw new Error(`${ended.name} ended: ${readFileSync(ended.log, 'utf8').slice(-3000)}`);
        const reply = await fetch(url, { headers }).catch(() => null);
        if (reply?.ok) return;
        await new Promise((wake) => setTimeout(wake, 50));
    }
    throw new Error(`${url} did not answer within ${seconds} s:\n` + processes.map((one) => readFileSync(one.log, 'utf8').slice(-2000)).join('\n'));
}

/** Environment without this machine's own settings and keys. */
function cleanEnvironment() {
    const kept = Object.entries(process.env).filter(([name]) => !/^(PAIRAG_|PAI_RAG_|DASHSCOPE|OPENAI|HTTPS?_PROXY|https?_proxy)/.test(name));
    return { ...Object.fromEntries(kept), PAI_RAG_MODEL_DIR: MODELS };
}

export async function startServices(env = {}) {
    const { folder, remove } = scratchFolder();
    const processes = [];
    const start = (name, command, args) => {
        const log = path.join(folder, `${name}.log`);
        const out = createWriteStream(log);
        const child = spawn(command, args, { cwd: folder, env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
        child.stdout.pipe(out, { end: false });
        child.stderr.pipe(out, { end: false });
        processes.push({ name, child, log });
    };
    const close = async () => {
        for (const { child } of processes.reverse()) {
            if (child.exitCode !== null) continue;
            const ended = new Promise((resolve) => child.once('exit', resolve));
            child.kill('SIGTERM');
            const hard = setTimeout(() => child.kill('SIGKILL'), 15000);
            await ended;
            clearTimeout(hard);
        }
        remove();
    };
    try {
        const [api, ui, front] = [await freePort(), await freePort(), await freePort()];
        const run = path.join(folder, 'localdata/run');
        mkdirSync(run, { recursive: true, mode: 0o700 });
        const conf = execFileSync(BIN, ['nginx_conf', '-p', `${front}`, '-a', `127.0.0.1:${api}`, '-u', `127.0.0.1:${ui}`, '-r', run]);
        writeFileSync(path.join(run, 'nginx.conf'), conf);
        start('serve', BIN, ['serve', '-h', '127.0.0.1', '-p', `${api}`]);
        start('ui', BIN, ['ui', '-h', '127.0.0.1', '-p', `${ui}`, '-c', `http://127.0.0.1:${api}/`]);
        start('nginx', '/usr/sbin/nginx', ['-e', path.join(run, 'nginx-error.log'), '-p', run, '-c', path.join(run, 'nginx.conf')]);
        await answers(`http://127.0.0.1:${front}/`, 15, processes);
        const key = env.PAI_RAG_API_KEY;
        await answers(`http://127.0.0.1:${front}/api/v1/ready`, 60, processes, key ? { 'X-API-Key': key } : {});
        return { front: `http://127.0.0.1:${front}/`, page: `http://127.0.0.1:${ui}/`, close };
    } catch (fault) {
        await close();
        throw fault;
    }
}

/** An OpenAI-protocol model: streams `pieces`; remembers what it was asked. */
export async function startModel() {
    const model = { pieces: ['Hello.'], asked: [] };
    const server = http.createServer(async (request, response) => {
        let text = '';
        for await (const piece of request) text += piece;
        const body = JSON.parse(text);
        model.asked.push({ key: request.headers.authorization, body });
        if (!body.stream) {
            response.setHeader('Content-Type', 'application/json');
            const message = { role: 'assistant', content: model.pieces.join('') };
            return void response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }));
        }
        response.setHeader('Content-Type', 'text/event-stream');
        const event = (delta, finish_reason) => `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
        for (const content of model.pieces) {
            response.write(event({ content }, null));
            await new Promise((wake) => setTimeout(wake, 3));
        }
        response.end(event({}, 'stop') + 'data: [DONE]\n\n');
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    model.url = `http://127.0.0.1:${server.address().port}/v1`;
    model.close = () => {
        server.closeAllConnections();
        return new Promise((closed) => server.close(closed));
    };
    return model;
}
