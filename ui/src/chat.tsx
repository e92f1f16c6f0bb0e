// The chat section: turns, the question box, and the passage panel beside them.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { TurnView } from './answer';
import { listDocuments } from './api';
import { newConversation, runTurn, stop, turns, type Mode } from './conversation';
import { useWords, type Word } from './i18n';
import { Icon } from './icons';
import { currentIndex } from './indexes';
import { PassagePanel, type Shown } from './passage';
import { recall, remember } from './store';
import { finishedCount } from './uploads';

const MODE_KEY = 'pai_rag.mode';
const MODES: Record<Mode, Word> = { rag: 'modeRag', llm: 'modeLlm', retrieval: 'modeRetrieval' };

function savedMode(): Mode {
    const mode = recall('local', MODE_KEY);
    return mode === 'llm' || mode === 'retrieval' ? mode : 'rag';
}

/** undefined until known, null when it cannot be known. */
function useDocumentCount(wanted: boolean): number | null | undefined {
    const index = currentIndex.use();
    const finished = finishedCount.use();
    const [count, setCount] = useState<number | null>();
    useEffect(() => {
        if (!wanted) return;
        let current = true;
        listDocuments(index, '', 1, 0).then(
            ({ total }) => current && setCount(total),
            () => current && setCount(null), // the badge already says that the service does not answer
        );
        return () => void (current = false);
    }, [wanted, index, finished]);
    return count;
}

function Welcome({ shown }: { shown: boolean }) {
    const t = useWords();
    const count = useDocumentCount(shown);
    if (count === undefined) return null; // nothing yet rather than words that jump
    return (
        <div class="welcome">
            <h1>{t('chatEmptyTitle')}</h1>
            <p>{count === 0 ? t('chatNoDocuments') : t('chatEmptyText')}</p>
            {count === 0 && (
                <a class="button primary" href="#/documents">
                    {t('addDocuments')}
                </a>
            )}
        </div>
    );
}

function Composer({ busy, fresh }: { busy: boolean; fresh: boolean }) {
    const t = useWords();
    const index = currentIndex.use();
    const [text, setText] = useState('');
    const [mode, setMode] = useState<Mode>(savedMode);
    const box = useRef<HTMLTextAreaElement>(null);
    useLayoutEffect(() => {
        const area = box.current!;
        area.style.height = 'auto';
        area.style.height = `${Math.min(area.scrollHeight, 200)}px`;
    }, [text]);
    const sendNow = () => {
        const question = text.trim();
        if (!question || busy) return;
        setText('');
        void runTurn(question, mode, index);
    };
    return (
        <form
            class="composer"
            onSubmit={(event) => {
                event.preventDefault();
                sendNow();
            }}
        >
            <textarea
                ref={box}
                rows={1}
                aria-label={t('question')}
                placeholder={t('questionPlaceholder')}
                title={t('questionHint')}
                value={text}
                onInput={(event) => setText(event.currentTarget.value)}
                onKeyDown={(event) => {
                    // isComposing: Enter then only accepts what an input method proposes.
                    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
                    event.preventDefault();
                    sendNow();
                }}
            />
            <div class="composer-row">
                <select
                    class="select small"
                    aria-label={t('mode')}
                    value={mode}
                    onChange={(event) => {
                        const next = event.currentTarget.value as Mode;
                        remember('local', MODE_KEY, next);
                        setMode(next);
                    }}
                >
                    {(Object.keys(MODES) as Mode[]).map((name) => (
                        <option key={name} value={name}>
                            {t(MODES[name])}
                        </option>
                    ))}
                </select>
                <button type="button" class="text-button" disabled={fresh} onClick={newConversation}>
                    <Icon name="plus" />
                    {t('newChat')}
                </button>
                {busy ? (
                    <button type="button" class="send" aria-label={t('stop')} title={t('stop')} onClick={stop}>
                        <Icon name="stop" />
                    </button>
                ) : (
                    <button class="send" aria-label={t('send')} title={t('questionHint')} disabled={!text.trim()}>
                        <Icon name="send" />
                    </button>
                )}
            </div>
        </form>
    );
}

/** Follows the growing answer while the reader is at the end, and leaves a reader who scrolled up alone. */
function useStickToEnd(content: unknown, count: number) {
    const box = useRef<HTMLDivElement>(null);
    const atEnd = useRef(true);
    useLayoutEffect(() => {
        atEnd.current = true;
    }, [count]);
    useLayoutEffect(() => {
        if (atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
    }, [content]);
    const onScroll = () => {
        const { scrollTop, scrollHeight, clientHeight } = box.current!;
        atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
    };
    return { box, onScroll };
}

export function Chat({ shown }: { shown: boolean }) {
    const all = turns.use();
    const [passage, setPassage] = useState<Shown | null>(null);
    const { box, onScroll } = useStickToEnd(all, all.length);
    const busy = all.at(-1)?.state === 'running';
    useEffect(() => {
        if (!all.length) setPassage(null);
    }, [all.length]);
    return (
        <section class={passage ? 'view chat-view with-passage' : 'view chat-view'} hidden={!shown}>
            <div class="chat">
                <div ref={box} class="turns" onScroll={onScroll}>
                    <div class="turns-column" role="log" aria-live="polite">
                        {all.length ? (
                            all.map((turn) => <TurnView key={turn.key} turn={turn} open={setPassage} />)
                        ) : (
                            <Welcome shown={shown} />
                        )}
                    </div>
                </div>
                <Composer busy={busy} fresh={!all.length} />
            </div>
            {passage && <PassagePanel shown={passage} onClose={() => setPassage(null)} />}
        </section>
    );
}
