// Calls to the service. Every URL is relative to the page, so that any path prefix of a gateway works.
import { ApiError, errorText } from './errors';
import { say } from './i18n';
import { SseParser } from './sse';
import { recall, remember } from './store';

export interface Health {
    status: string;
    ready?: boolean;
    message?: string;
}
export interface Doc {
    text: string;
    score: number;
    metadata: Record<string, unknown>;
    image_url: string | null;
}
export interface Citation {
    number: number;
    valid: boolean;
    support: number;
}
export interface Answer {
    session_id: string | null;
    docs: Doc[] | null;
    new_query: string | null;
    extractive?: boolean;
    citations?: Citation[];
    model?: string | null;
    usage?: { prompt_tokens?: number; completion_tokens?: number; total_tokens?: number };
}
export interface StoredDocument {
    id: string;
    index_name: string;
    name: string;
    file_type: string;
    size: number;
    pages: number;
    chunks: number;
    tokens: number;
    sha256: string;
    created_at: number | string;
}
export interface TaskFile {
    name: string;
    state: 'processing' | 'completed' | 'failed';
    stage: string;
    progress: number;
    error: string | null;
    warning: string | null;
    pages: number;
    chunks: number;
    duplicate: boolean;
    doc_id: string | null;
}
export interface Task {
    status: string;
    detail: string | null;
    files?: TaskFile[];
}

const root = new URL('.', document.baseURI);
export const apiUrl = (path: string): string => new URL(path, root).href;

// ---- the optional API key ------------------------------------------------------------------------------

const KEY = 'pai_rag.api_key';
const KEY_HEADER = 'X-API-Key'; // not Authorization: a gateway in front has its own use for that
let apiKey = recall('session', KEY) ?? recall('local', KEY);
let askForKey: (rejected: boolean) => Promise<{ key: string; keep: boolean } | null> = async () => null;
let asking: Promise<boolean> | null = null;

/** The key dialog registers itself here. */
export function onKeyNeeded(ask: typeof askForKey): void {
    askForKey = ask;
}

/** Asks once, however many calls were refused at the same time. False: the user gave up. */
function obtainKey(): Promise<boolean> {
    asking ??= askForKey(apiKey !== null)
        .then((given) => {
            if (!given) return false;
            apiKey = given.key;
            remember('local', KEY, given.keep ? given.key : null);
            remember('session', KEY, given.key);
            return true;
        })
        .finally(() => {
            asking = null;
        });
    return asking;
}

// ---- plain calls ---------------------------------------------------------------------------------------

async function send(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    for (;;) {
        const headers = new Headers({ Accept: 'application/json, text/event-stream' });
        if (body !== undefined) headers.set('Content-Type', 'application/json');
        const keySent = apiKey;
        if (keySent) headers.set(KEY_HEADER, keySent);
        let reply: Response;
        try {
            reply = await fetch(apiUrl(path), {
                method,
                headers,
                body: body === undefined ? undefined : JSON.stringify(body),
                signal,
                cache: 'no-store',
            });
        } catch (fault) {
            if (signal?.aborted) throw fault;
            throw new ApiError(0, say('unreachable'));
        }
        if (reply.status === 401 && (apiKey !== keySent || (await obtainKey()))) continue;
        if (!reply.ok) throw new ApiError(reply.status, errorText(reply.status, await reply.text()));
        return reply;
    }
}

async function json<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await send(method, path, body)).json();
}

const q = encodeURIComponent;

export const getHealth = () => json<Health>('GET', 'api/v1/health');
export const getConfig = () => json<Record<string, unknown>>('GET', 'api/v1/config');
export const patchConfig = (changes: unknown) => json<unknown>('PATCH', 'api/v1/config', changes);

export async function listIndexes(): Promise<{ names: string[]; current: string }> {
    const reply = await json<{ indexes: Record<string, unknown>; current_index_name: string }>(
        'GET',
        'api/v1/indexes',
    );
    return { names: Object.keys(reply.indexes).sort(), current: reply.current_index_name };
}
export const createIndex = (name: string) =>
    json<unknown>('POST', `api/v1/indexes/${q(name)}`, { index_name: name });
export const deleteIndex = (name: string) => json<unknown>('DELETE', `api/v1/indexes/${q(name)}`);

export const listDocuments = (index: string, query: string, limit: number, offset: number) =>
    json<{ documents: StoredDocument[]; total: number }>(
        'GET',
        `api/v1/documents?index_name=${q(index)}&query=${q(query)}&limit=${limit}&offset=${offset}`,
    );
export const deleteDocument = (id: string) => send('DELETE', `api/v1/documents/${q(id)}`);
export const getTask = (id: string) => json<Task>('GET', `api/v1/get_upload_state?task_id=${q(id)}`);

export const retrieve = async (question: string, index: string, signal: AbortSignal): Promise<Doc[]> => {
    const reply = await send('POST', 'api/v1/query/retrieval', { question, index_name: index }, signal);
    return ((await reply.json()) as { docs: Doc[] }).docs;
};

// ---- streamed answers ----------------------------------------------------------------------------------

export interface Ask {
    question: string;
    index: string;
    sessionId: string | null;
    withDocuments: boolean;
    signal: AbortSignal;
    onText: (piece: string) => void;
}

/** Resolves with the last message of the stream. */
export async function ask(a: Ask): Promise<Answer> {
    const reply = await send(
        'POST',
        a.withDocuments ? 'api/v1/query' : 'api/v1/query/llm',
        { question: a.question, session_id: a.sessionId, index_name: a.index, stream: true, citation: a.withDocuments },
        a.signal,
    );
    if (!reply.headers.get('Content-Type')?.startsWith('text/event-stream')) {
        const whole = (await reply.json()) as Answer & { answer: string };
        a.onText(whole.answer);
        return whole;
    }
    const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new SseParser();
    for (;;) {
        const { value, done } = await reader.read().catch((fault) => {
            if (a.signal.aborted) throw fault;
            throw new ApiError(0, say('brokenStream'));
        });
        if (done) throw new ApiError(0, say('brokenStream'));
        for (const data of parser.feed(value)) {
            const message = JSON.parse(data);
            if (message.error || message.message) throw new ApiError(0, errorText(0, data));
            if (message.delta) a.onText(message.delta);
            if (message.is_finished) {
                void reader.cancel();
                return message;
            }
        }
    }
}

// ---- uploads -------------------------------------------------------------------------------------------

/** XMLHttpRequest, because fetch cannot tell how much was sent. Resolves with the task id. */
export async function upload(index: string, files: File[], onSent: (bytes: number) => void): Promise<string> {
    for (;;) {
        const keySent = apiKey;
        const { status, text } = await new Promise<{ status: number; text: string }>((resolve) => {
            const form = new FormData();
            form.append('index_name', index);
            for (const file of files) form.append('files', file, file.name);
            const request = new XMLHttpRequest();
            request.open('POST', apiUrl('api/v1/upload_data'));
            if (keySent) request.setRequestHeader(KEY_HEADER, keySent);
            request.upload.onprogress = (event) => onSent(event.loaded);
            request.onload = () => resolve({ status: request.status, text: request.responseText });
            request.onerror = () => resolve({ status: 0, text: '' });
            request.send(form);
        });
        if (status === 401 && (apiKey !== keySent || (await obtainKey()))) continue;
        if (status === 0) throw new ApiError(0, say('unreachable'));
        if (status !== 200) throw new ApiError(status, errorText(status, text));
        const reply = JSON.parse(text) as { task_id?: string; message?: string };
        if (!reply.task_id) throw new ApiError(status, reply.message ?? errorText(status, text));
        return reply.task_id;
    }
}
