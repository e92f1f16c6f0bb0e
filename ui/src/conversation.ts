// The conversation: its turns, how a question runs, and what survives a reload of the page.
import { ask, retrieve, type Answer, type Doc } from './api';
import { createStore, recall, remember } from './store';

export type Mode = 'rag' | 'llm' | 'retrieval';

export interface Turn {
    key: number;
    question: string;
    mode: Mode;
    text: string;
    state: 'running' | 'done' | 'stopped' | 'failed';
    error: string;
    docs: Doc[];
    answer: Answer | null;
}

const KEY = 'pai_rag.conversation';
const MOST_SAVED = 1_500_000; // characters: browsers keep about 5 MB per site

interface Saved {
    session: string | null;
    turns: Turn[];
}

function load(): Saved {
    try {
        const saved = JSON.parse(recall('session', KEY) ?? '') as Saved;
        return { ...saved, turns: saved.turns.map((turn) => (turn.state === 'running' ? { ...turn, state: 'stopped' } : turn)) };
    } catch {
        return { session: null, turns: [] };
    }
}

const saved = load();
let session = saved.session;
let nextKey = saved.turns.reduce((most, turn) => Math.max(most, turn.key), 0) + 1;
let running: AbortController | null = null;

export const turns = createStore<Turn[]>(saved.turns);

function save(): void {
    const text = JSON.stringify({ session, turns: turns.get() } satisfies Saved);
    remember('session', KEY, text.length <= MOST_SAVED ? text : null);
}

function change(key: number, what: Partial<Turn>): void {
    turns.set(turns.get().map((turn) => (turn.key === key ? { ...turn, ...what } : turn)));
}

export function stop(): void {
    running?.abort();
}

export function newConversation(): void {
    stop();
    session = null;
    turns.set([]);
    save();
}

/** Text arrives in many small pieces; the page is told once per frame. */
function collector(key: number): { add: (piece: string) => void; flush: () => void } {
    let text = '';
    let frame = 0;
    const flush = () => {
        cancelAnimationFrame(frame);
        frame = 0;
        if (text) change(key, { text });
    };
    return {
        add(piece) {
            text += piece;
            frame ||= requestAnimationFrame(flush);
        },
        flush,
    };
}

export async function runTurn(question: string, mode: Mode, index: string): Promise<void> {
    const key = nextKey++;
    const control = new AbortController();
    running = control;
    turns.set([
        ...turns.get(),
        { key, question, mode, text: '', state: 'running', error: '', docs: [], answer: null },
    ]);
    const { add, flush } = collector(key);
    try {
        if (mode === 'retrieval') {
            change(key, { state: 'done', docs: await retrieve(question, index, control.signal) });
        } else {
            const answer = await ask({
                question,
                index,
                sessionId: session,
                withDocuments: mode === 'rag',
                signal: control.signal,
                onText: add,
            });
            session = answer.session_id ?? session;
            flush();
            change(key, { state: 'done', answer, docs: answer.docs ?? [] });
        }
    } catch (fault) {
        flush();
        if (control.signal.aborted) change(key, { state: 'stopped' });
        else change(key, { state: 'failed', error: (fault as Error).message });
    } finally {
        if (running === control) running = null;
        save();
    }
}
