// The passage behind a citation: a panel at the side, on a phone a sheet from below.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { apiUrl, type Doc } from './api';
import { useWords } from './i18n';
import { Icon } from './icons';
import { bestSentence } from './overlap';

export interface Shown {
    number: number;
    doc: Doc;
    /** The sentence of the answer that the citation stands in; "" when opened from the list. */
    claim: string;
    doubtful: boolean;
}

export function sourceName(doc: Doc): string {
    const { metadata } = doc;
    const name = metadata.file_name ?? metadata.name ?? metadata.file_path ?? metadata.file_url;
    return typeof name === 'string' && name ? name : '–';
}

export function sourcePage(doc: Doc): string | null {
    const page = doc.metadata.page_label ?? doc.metadata.page ?? doc.metadata.page_number;
    return (typeof page === 'number' && page > 0) || (typeof page === 'string' && page) ? String(page) : null;
}

/** A passage begins with the headings that it stands under, "Manual >> Leave: "; `begin` is where its own words do. */
export function splitHeadings(doc: Doc): { headings: string[]; begin: number } {
    const range = doc.metadata.byte_range as [number, number] | undefined;
    const bytes = new TextEncoder().encode(doc.text);
    const cut = Array.isArray(range) ? bytes.length - (range[1] - range[0]) : 0;
    const exact = cut > 2 && cut < bytes.length ? new TextDecoder().decode(bytes.slice(0, cut)) : '';
    const path = /^[^\n]{0,400}?[^\n]: $/.test(exact) ? exact : /^[^\n]{1,200}? >> [^\n]{1,200}?: /.exec(doc.text)?.[0];
    return path ? { headings: path.slice(0, -2).split(' >> '), begin: path.length } : { headings: [], begin: 0 };
}

export const scoreText = (doc: Doc): string => doc.score.toFixed(2);

function Text({ text, claim }: { text: string; claim: string }) {
    const mark = useRef<HTMLElement>(null);
    useEffect(() => mark.current?.scrollIntoView({ block: 'center' }), [text, claim]);
    const range = claim ? bestSentence(text, claim) : null;
    if (!range) return <div class="passage-text">{text}</div>;
    return (
        <div class="passage-text">
            {text.slice(0, range.begin)}
            <mark ref={mark}>{text.slice(range.begin, range.end)}</mark>
            {text.slice(range.end)}
        </div>
    );
}

/** Only images of this service are shown; an address elsewhere would be a request to a stranger. */
function ownImage(doc: Doc): string | null {
    if (!doc.image_url) return null;
    const url = new URL(doc.image_url, apiUrl('.'));
    return url.origin === location.origin ? url.href : null;
}

export function PassagePanel({ shown, onClose }: { shown: Shown; onClose: () => void }) {
    const t = useWords();
    const close = useRef<HTMLButtonElement>(null);
    // Before the next paint: Escape must work from the moment the panel is seen.
    useLayoutEffect(() => {
        const before = document.activeElement as HTMLElement | null;
        const escape = (event: KeyboardEvent) => event.key === 'Escape' && onClose();
        addEventListener('keydown', escape);
        close.current?.focus();
        return () => {
            removeEventListener('keydown', escape);
            before?.focus?.();
        };
    }, []);
    const page = sourcePage(shown.doc);
    const image = ownImage(shown.doc);
    const { headings, begin } = splitHeadings(shown.doc);
    return (
        <>
            <div class="sheet-shade" onClick={onClose} />
            <aside class="passage" aria-label={t('passage', { n: shown.number })}>
                <header>
                    <span class="cite still">{shown.number}</span>
                    <div class="passage-title">
                        <h2>{sourceName(shown.doc)}</h2>
                        <p>
                            {[page && t('page', { n: page }), t('score', { n: scoreText(shown.doc) })]
                                .filter(Boolean)
                                .join(' · ')}
                        </p>
                    </div>
                    <button ref={close} class="icon-button" aria-label={t('close')} title={t('close')} onClick={onClose}>
                        <Icon name="close" />
                    </button>
                </header>
                {shown.doubtful && (
                    <p class="doubt">
                        <Icon name="warn" />
                        {t('notSupported')}
                    </p>
                )}
                <div class="passage-body" tabIndex={0}>
                    {image && <img src={image} alt="" loading="lazy" />}
                    {headings.length > 0 && <p class="passage-where">{headings.join(' › ')}</p>}
                    <Text text={shown.doc.text.slice(begin)} claim={shown.claim} />
                </div>
            </aside>
        </>
    );
}
