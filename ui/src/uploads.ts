// The queue of uploads: batches go up one after the other, each task is then followed until it ends.
import { getTask, upload, type TaskFile } from './api';
import { ApiError } from './errors';
import { say } from './i18n';
import { createStore } from './store';

export type Phase = 'waiting' | 'uploading' | 'working' | 'done' | 'failed';

export interface UploadItem {
    key: number;
    name: string;
    size: number;
    phase: Phase;
    /** 0..1 within the phase. */
    progress: number;
    /** What the service said last. */
    state: TaskFile | null;
    error: string;
}

const BATCH_BYTES = 32e6; // small enough that the first files are being read while the rest goes up
const BATCH_FILES = 50;
const POLL_MS = 500;

export const uploads = createStore<UploadItem[]>([]);
/** Grows with every document that became visible: the list reloads when it changes. */
export const finishedCount = createStore(0);

let nextKey = 1;
let queue: { index: string; item: UploadItem; file: File }[] = [];
let sending = false;

function change(key: number, what: Partial<UploadItem>): void {
    uploads.set(uploads.get().map((item) => (item.key === key ? { ...item, ...what } : item)));
}

export function addFiles(index: string, files: File[]): void {
    const items = files.map((file) => ({
        key: nextKey++,
        name: file.name,
        size: file.size,
        phase: 'waiting' as Phase,
        progress: 0,
        state: null,
        error: '',
    }));
    uploads.set([...uploads.get(), ...items]);
    queue.push(...items.map((item, i) => ({ index, item, file: files[i] })));
    if (!sending) void sendAll();
}

export function clearFinished(): void {
    uploads.set(uploads.get().filter((item) => item.phase !== 'done' && item.phase !== 'failed'));
}

function takeBatch(): typeof queue {
    let bytes = 0;
    let n = 0;
    while (n < queue.length && n < BATCH_FILES && queue[n].index === queue[0].index) {
        bytes += queue[n].file.size;
        if (n > 0 && bytes > BATCH_BYTES) break;
        n++;
    }
    const batch = queue.slice(0, n);
    queue = queue.slice(n);
    return batch;
}

async function sendAll(): Promise<void> {
    sending = true;
    while (queue.length) {
        const batch = takeBatch();
        const keys = batch.map((entry) => entry.item.key);
        const sizes = batch.map((entry) => entry.file.size);
        keys.forEach((key) => change(key, { phase: 'uploading' }));
        try {
            const task = await upload(
                batch[0].index,
                batch.map((entry) => entry.file),
                (sent) => showSent(keys, sizes, sent),
            );
            keys.forEach((key) => change(key, { phase: 'working', progress: 0 }));
            void follow(task, keys);
        } catch (fault) {
            keys.forEach((key) => change(key, { phase: 'failed', error: (fault as Error).message }));
        }
    }
    sending = false;
}

/** Files travel in order, so the bytes sent so far tell how far each one is. */
function showSent(keys: number[], sizes: number[], sent: number): void {
    let before = 0;
    keys.forEach((key, i) => {
        const share = sizes[i] ? (sent - before) / sizes[i] : 1;
        change(key, { progress: Math.max(0, Math.min(1, share)) });
        before += sizes[i];
    });
}

async function follow(task: string, keys: number[]): Promise<void> {
    let open = new Set(keys);
    while (open.size) {
        await new Promise((wake) => setTimeout(wake, POLL_MS));
        try {
            const state = await getTask(task);
            if (state.status === 'unknown') throw new ApiError(404, say('lostTask'));
            open = showTask(keys, open, state.files ?? [], state.status, state.detail);
        } catch (fault) {
            // The service restarts or the network blinks: keep asking. Only a clear "no" ends it.
            if (fault instanceof ApiError && fault.status >= 400 && fault.status < 500) {
                open.forEach((key) => change(key, { phase: 'failed', error: fault.message }));
                return;
            }
        }
    }
}

function showTask(
    keys: number[],
    open: Set<number>,
    files: TaskFile[],
    status: string,
    detail: string | null,
): Set<number> {
    const still = new Set<number>();
    let done = 0;
    keys.forEach((key, i) => {
        if (!open.has(key)) return;
        const file = files[i] ?? null;
        const state = file?.state ?? status;
        if (state === 'completed') {
            change(key, { phase: 'done', progress: 1, state: file });
            done++;
        } else if (state === 'failed') {
            change(key, { phase: 'failed', state: file, error: file?.error ?? detail ?? '' });
        } else {
            change(key, { progress: file?.progress ?? 0, state: file });
            still.add(key);
        }
    });
    if (done) finishedCount.set(finishedCount.get() + done);
    return still;
}
