// One turn of the conversation: question, streamed answer with its citations, sources.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Citation } from './api';
import type { Turn } from './conversation';
import { notifyFault } from './dialogs';
import { useWords, type Translate } from './i18n';
import { Icon } from './icons';
import { renderMarkdown } from './markdown';
import { splitSentences } from './overlap';
import { scoreText, sourceName, sourcePage, splitHeadings, type Shown } from './passage';

type Open = (shown: Shown) => void;

/** The service lists the markers in the order of the text; without its word a marker is merely unchecked. */
function citationAt(citations: Citation[] | undefined, nth: number, number: number): Citation | undefined {
    const exact = citations?.[nth];
    return exact?.number === number ? exact : citations?.find((citation) => citation.number === number);
}

/** `support` is the share of the sentence's words that the passage has; below a quarter the reader should look. */
const LEAST_SUPPORT = 0.25;

const isDoubtful = (citation: Citation | undefined) =>
    citation !== undefined && (!citation.valid || citation.support < LEAST_SUPPORT);

/** The sentence that a marker stands in or directly after. */
function claimBefore(chip: HTMLElement): string {
    const block = chip.closest('p, li, td, th, h1, h2, h3, h4, h5, h6, blockquote') ?? chip.parentElement!;
    const range = document.createRange();
    range.setStart(block, 0);
    range.setEndBefore(chip);
    const piece = range.cloneContents();
    piece.querySelectorAll('.cite').forEach((other) => other.remove());
    const text = piece.textContent ?? '';
    const last = splitSentences(text).at(-1);
    return last ? text.slice(last.begin, last.end) : '';
}

function dressChip(chip: HTMLButtonElement, turn: Turn, t: Translate): void {
    const number = Number(chip.dataset.number);
    const known = turn.docs[number - 1] !== undefined;
    const settled = turn.state === 'done';
    const doubtful = settled && isDoubtful(citationAt(turn.answer?.citations, Number(chip.dataset.nth), number));
    chip.disabled = !known;
    chip.classList.toggle('doubtful', settled && (doubtful || !known));
    const label = known ? t('citation', { n: number }) : t('missingSource', { n: number });
    chip.setAttribute('aria-label', label);
    chip.title = !settled ? '' : !known ? label : doubtful ? t('unsupported') : sourceName(turn.docs[number - 1]);
}

function AnswerText({ turn, open }: { turn: Turn; open: Open }) {
    const t = useWords();
    const box = useRef<HTMLDivElement>(null);
    const rendered = useRef<string | null>(null);
    useLayoutEffect(() => {
        if (rendered.current !== turn.text) {
            box.current!.replaceChildren(renderMarkdown(turn.text));
            rendered.current = turn.text;
        }
        box.current!.querySelectorAll<HTMLButtonElement>('.cite').forEach((chip) => dressChip(chip, turn, t));
    });
    const click = (event: MouseEvent) => {
        const chip = (event.target as HTMLElement).closest<HTMLButtonElement>('.cite');
        if (!chip) return;
        const number = Number(chip.dataset.number);
        const doc = turn.docs[number - 1];
        if (doc) open({ number, doc, claim: claimBefore(chip), doubtful: chip.classList.contains('doubtful') });
    };
    return <div ref={box} class="markdown" onClick={click} />;
}

function Sources({ turn, open }: { turn: Turn; open: Open }) {
    const t = useWords();
    const cited = new Set(turn.answer?.citations?.map((citation) => citation.number));
    return (
        <div class="sources">
            <h3>{t('sources')}</h3>
            <ol>
                {turn.docs.map((doc, i) => {
                    const page = sourcePage(doc);
                    const part = splitHeadings(doc).headings.slice(1).at(-1);
                    return (
                        <li key={i}>
                            <button
                                class={cited.has(i + 1) ? 'source cited' : 'source'}
                                onClick={() => open({ number: i + 1, doc, claim: '', doubtful: false })}
                            >
                                <span class="cite still">{i + 1}</span>
                                <span class="source-name">{sourceName(doc)}</span>
                                {part && <span class="source-part">{part}</span>}
                                {page && <span class="source-fact">{t('page', { n: page })}</span>}
                                <span class="source-fact">{scoreText(doc)}</span>
                            </button>
                        </li>
                    );
                })}
            </ol>
        </div>
    );
}

function Passages({ turn, open }: { turn: Turn; open: Open }) {
    const t = useWords();
    return (
        <ol class="passages">
            {turn.docs.map((doc, i) => {
                const page = sourcePage(doc);
                return (
                    <li key={i}>
                        <button onClick={() => open({ number: i + 1, doc, claim: '', doubtful: false })}>
                            <span class="passages-head">
                                <span class="cite still">{i + 1}</span>
                                <strong>{sourceName(doc)}</strong>
                                {page && <span>{t('page', { n: page })}</span>}
                                <span>{scoreText(doc)}</span>
                            </span>
                            <span class="passages-text">{doc.text}</span>
                        </button>
                    </li>
                );
            })}
        </ol>
    );
}

function CopyButton({ text }: { text: string }) {
    const t = useWords();
    const [done, setDone] = useState(false);
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
            setDone(true);
            setTimeout(() => setDone(false), 1500);
        } catch (fault) {
            notifyFault(fault);
        }
    };
    // Without https (or localhost) browsers offer no clipboard: then there is no button that cannot work.
    if (!navigator.clipboard) return null;
    return (
        <button class="text-button" onClick={copy}>
            <Icon name={done ? 'check' : 'copy'} />
            {t(done ? 'copied' : 'copy')}
        </button>
    );
}

function Footnotes({ turn }: { turn: Turn }) {
    const t = useWords();
    const answer = turn.answer;
    const doubtful = answer?.citations?.some(isDoubtful);
    const condensed = answer?.new_query && answer.new_query.trim() !== turn.question.trim();
    const tokens = answer?.usage?.total_tokens;
    return (
        <>
            {turn.state === 'stopped' && <p class="quiet">{t('stopped')}</p>}
            {turn.state === 'failed' && (
                <p class="fault" role="alert">
                    {turn.error}
                </p>
            )}
            {turn.state === 'done' && turn.mode !== 'llm' && !turn.docs.length && <p class="quiet">{t('noPassages')}</p>}
            {answer?.extractive && (
                <p class="hint">
                    <Icon name="info" />
                    <span>
                        {t('extractive')} <a href="#/settings">{t('openSettings')}</a>
                    </span>
                </p>
            )}
            {doubtful && (
                <p class="hint warn">
                    <Icon name="warn" />
                    <span>{t('someUnsupported')}</span>
                </p>
            )}
            {(condensed || turn.text) && turn.state !== 'running' && (
                <div class="turn-foot">
                    {turn.text && <CopyButton text={turn.text} />}
                    {condensed && <span>{t('condensed', { question: answer.new_query! })}</span>}
                    {!!tokens && (
                        <span>
                            {answer?.model ? `${answer.model} · ` : ''}
                            {t('tokens', { n: tokens })}
                        </span>
                    )}
                </div>
            )}
        </>
    );
}

export function TurnView({ turn, open }: { turn: Turn; open: Open }) {
    const t = useWords();
    return (
        <article class="turn" aria-busy={turn.state === 'running'}>
            <div class="asked">
                <span class="hidden-label">{t('you')}</span>
                <p>{turn.question}</p>
            </div>
            <div class="answered">
                <span class="hidden-label">{t('assistant')}</span>
                {turn.state === 'running' && !turn.text && (
                    <p class="thinking">
                        <span class="pulse" />
                        {t('thinking')}
                    </p>
                )}
                {turn.mode === 'retrieval' ? (
                    <Passages turn={turn} open={open} />
                ) : (
                    turn.text && <AnswerText turn={turn} open={open} />
                )}
                {turn.mode === 'rag' && turn.docs.length > 0 && <Sources turn={turn} open={open} />}
                <Footnotes turn={turn} />
            </div>
        </article>
    );
}
