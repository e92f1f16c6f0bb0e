// Documents of the knowledge base: drop zone, progress of uploads, list with search and delete.
import { useEffect, useRef, useState } from 'preact/hooks';
import { deleteDocument, listDocuments, type StoredDocument } from './api';
import { confirmed, notify, notifyFault } from './dialogs';
import { droppedFiles, extension, sizeText } from './files';
import { lang, useWords, type Word } from './i18n';
import { Icon } from './icons';
import { currentIndex } from './indexes';
import { addFiles, clearFinished, finishedCount, uploads, type UploadItem } from './uploads';

const PAGE = 50;
const SEARCH_DELAY_MS = 250;

const STAGES: Record<string, Word> = {
    queued: 'stageQueued',
    parse: 'stageParse',
    chunk: 'stageChunk',
    embed: 'stageEmbed',
    store: 'stageStore',
    done: 'stageDone',
};

function UploadRow({ item }: { item: UploadItem }) {
    const t = useWords();
    const phase: Record<UploadItem['phase'], Word> = {
        waiting: 'stageWaiting',
        uploading: 'stageUploading',
        working: STAGES[item.state?.stage ?? 'queued'] ?? 'stageQueued',
        done: 'stageDone',
        failed: 'stageFailed',
    };
    const facts: string[] = [];
    if (item.phase === 'uploading' || item.phase === 'working') facts.push(`${Math.floor(item.progress * 100)} %`);
    if (item.phase === 'done' && item.state) {
        if (item.state.duplicate) facts.push(t('duplicate'));
        else {
            if (item.state.pages) facts.push(t('pages', { n: item.state.pages }));
            facts.push(t('chunks', { n: item.state.chunks }));
        }
    }
    const active = item.phase === 'uploading' || item.phase === 'working';
    return (
        <li class={`upload ${item.phase}`}>
            <span class="upload-name" title={item.name}>
                {item.name}
            </span>
            <span class="upload-state">
                {item.phase === 'done' && <Icon name="check" />}
                {item.phase === 'failed' && <Icon name="warn" />}
                {[t(phase[item.phase]), ...facts].join(' · ')}
            </span>
            <progress
                class={active || item.phase === 'waiting' ? '' : 'over'}
                max={1}
                value={item.phase === 'done' ? 1 : item.progress}
                aria-label={item.name}
            />
            {(item.error || item.state?.warning) && (
                <p class={item.error ? 'upload-note fault' : 'upload-note'}>{item.error || item.state?.warning}</p>
            )}
        </li>
    );
}

function UploadList() {
    const t = useWords();
    const items = uploads.use();
    if (!items.length) return null;
    const over = items.some((item) => item.phase === 'done' || item.phase === 'failed');
    return (
        <section class="card uploads">
            <div class="card-head">
                <h2>{t('uploads')}</h2>
                <button class="text-button" disabled={!over} onClick={clearFinished}>
                    {t('clearFinished')}
                </button>
            </div>
            <ul aria-live="polite">
                {items.map((item) => (
                    <UploadRow key={item.key} item={item} />
                ))}
            </ul>
        </section>
    );
}

/** Drop anywhere on the section; the zone itself also opens the file picker. */
function DropZone({ over, onFiles }: { over: boolean; onFiles: (files: File[]) => void }) {
    const t = useWords();
    const input = useRef<HTMLInputElement>(null);
    return (
        <div class={over ? 'drop over' : 'drop'}>
            <Icon name="upload" />
            <div class="drop-words">
                <strong>{t('dropTitle')}</strong>
                <span>{t('dropText')}</span>
            </div>
            <button class="button primary" onClick={() => input.current?.click()}>
                {t('chooseFiles')}
            </button>
            <input
                ref={input}
                type="file"
                multiple
                hidden
                onChange={(event) => {
                    onFiles([...(event.currentTarget.files ?? [])]);
                    event.currentTarget.value = '';
                }}
            />
        </div>
    );
}

function dateText(created: number | string): string {
    const date = new Date(typeof created === 'number' && created < 1e12 ? created * 1000 : created);
    if (Number.isNaN(date.getTime())) return '';
    return date.toLocaleString(lang.get() === 'zh' ? 'zh-CN' : undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

function DocumentTable({ rows, onDelete }: { rows: StoredDocument[]; onDelete: (row: StoredDocument) => void }) {
    const t = useWords();
    return (
        <table class="documents">
            <thead>
                <tr>
                    <th>{t('colName')}</th>
                    <th class="number">{t('colPages')}</th>
                    <th class="number">{t('colChunks')}</th>
                    <th class="number">{t('colSize')}</th>
                    <th>{t('colAdded')}</th>
                    <th />
                </tr>
            </thead>
            <tbody>
                {rows.map((row) => (
                    <tr key={row.id}>
                        <td class="document-name">
                            <span class="file-type" aria-hidden="true">
                                {extension(row.name)}
                            </span>
                            <span title={row.name}>{row.name}</span>
                        </td>
                        <td class="number" data-label={t('colPages')}>
                            {row.pages || '–'}
                        </td>
                        <td class="number" data-label={t('colChunks')}>
                            {row.chunks}
                        </td>
                        <td class="number" data-label={t('colSize')}>
                            {sizeText(row.size)}
                        </td>
                        <td class="added" data-label={t('colAdded')}>
                            {dateText(row.created_at)}
                        </td>
                        <td class="actions">
                            <button
                                class="icon-button"
                                aria-label={t('deleteDocument', { name: row.name })}
                                title={t('deleteDocument', { name: row.name })}
                                onClick={() => onDelete(row)}
                            >
                                <Icon name="trash" />
                            </button>
                        </td>
                    </tr>
                ))}
            </tbody>
        </table>
    );
}

interface Listing {
    index: string;
    query: string;
    rows: StoredDocument[];
    total: number;
}

/** The list of the current knowledge base, reloaded when the base, the search or its content changes. */
function useListing(shown: boolean, query: string) {
    const index = currentIndex.use();
    const finished = finishedCount.use();
    const [listing, setListing] = useState<Listing | null>(null);
    const [fault, setFault] = useState('');
    const newest = useRef(0);
    const load = async (before: StoredDocument[]) => {
        const turn = ++newest.current;
        try {
            const { documents, total } = await listDocuments(index, query, PAGE, before.length);
            if (turn !== newest.current) return; // a later question has been asked meanwhile
            setListing({ index, query, rows: [...before, ...documents], total });
            setFault('');
        } catch (error) {
            if (turn === newest.current) setFault((error as Error).message);
        }
    };
    useEffect(() => {
        if (!shown) return;
        const timer = setTimeout(() => load([]), query ? SEARCH_DELAY_MS : 0);
        return () => clearTimeout(timer);
    }, [shown, index, query, finished]);
    const forget = (id: string) =>
        setListing((now) => now && { ...now, rows: now.rows.filter((row) => row.id !== id), total: now.total - 1 });
    return { listing: listing?.index === index ? listing : null, fault, load, forget };
}

export function Documents({ shown }: { shown: boolean }) {
    const t = useWords();
    const index = currentIndex.use();
    const [query, setQuery] = useState('');
    const [over, setOver] = useState(false);
    const { listing, fault, load, forget } = useListing(shown, query);

    const remove = async (row: StoredDocument) => {
        if (!(await confirmed(t('deleteDocumentAsk', { name: row.name, index }), t('remove')))) return;
        try {
            await deleteDocument(row.id);
            forget(row.id);
            notify(t('deleted', { name: row.name }));
        } catch (error) {
            notifyFault(error);
        }
    };
    const accept = (files: File[]) => files.length && addFiles(index, files);

    return (
        <section
            class="view documents-view"
            hidden={!shown}
            onDragOver={(event) => {
                event.preventDefault();
                setOver(true);
            }}
            onDragLeave={(event) => {
                if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
            }}
            onDrop={(event) => {
                event.preventDefault();
                setOver(false);
                if (event.dataTransfer)
                    droppedFiles(event.dataTransfer).then(accept, () => notify(t('folderUnreadable'), true));
            }}
        >
            <div class="column">
                <DropZone over={over} onFiles={accept} />
                <UploadList />
                <div class="list-head">
                    <h2>{listing ? t('documentCount', { n: listing.total }) : t('documents')}</h2>
                    <label class="search">
                        <Icon name="search" />
                        <input
                            type="search"
                            aria-label={t('searchDocuments')}
                            placeholder={t('searchDocuments')}
                            value={query}
                            onInput={(event) => setQuery(event.currentTarget.value)}
                        />
                    </label>
                </div>
                {fault && (
                    <p class="fault">
                        {fault}{' '}
                        <button class="text-button" onClick={() => load([])}>
                            {t('retry')}
                        </button>
                    </p>
                )}
                {listing && listing.rows.length > 0 && <DocumentTable rows={listing.rows} onDelete={remove} />}
                {listing && listing.rows.length < listing.total && (
                    <button class="button more" onClick={() => load(listing.rows)}>
                        {t('more')}
                    </button>
                )}
                {listing && listing.total === 0 && (
                    <div class="empty">
                        {listing.query ? (
                            <p>{t('noMatch', { query: listing.query })}</p>
                        ) : (
                            <>
                                <h3>{t('noDocumentsTitle')}</h3>
                                <p>{t('noDocumentsText')}</p>
                            </>
                        )}
                    </div>
                )}
            </div>
        </section>
    );
}
