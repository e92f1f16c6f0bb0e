// The knowledge base in use: chosen, created and deleted in the header.
import { useEffect, useState } from 'preact/hooks';
import { createIndex, deleteIndex, listIndexes } from './api';
import { Modal, confirmed, notifyFault } from './dialogs';
import { useWords } from './i18n';
import { Icon } from './icons';
import { createStore, recall, remember } from './store';

const KEY = 'pai_rag.index';
export const DEFAULT_INDEX = 'default_index';
const names = createStore<string[]>([]);
export const currentIndex = createStore<string>(recall('local', KEY) ?? DEFAULT_INDEX);

function choose(name: string): void {
    remember('local', KEY, name);
    currentIndex.set(name);
}

export async function loadIndexes(): Promise<void> {
    const found = await listIndexes();
    names.set(found.names);
    if (!found.names.includes(currentIndex.get())) choose(found.current);
}

function NewIndex({ onClose }: { onClose: () => void }) {
    const t = useWords();
    const [name, setName] = useState('');
    const [fault, setFault] = useState('');
    const create = async () => {
        try {
            await createIndex(name);
            await loadIndexes();
            choose(name);
            onClose();
        } catch (error) {
            setFault((error as Error).message);
        }
    };
    return (
        <Modal title={t('newIndex')} submit={t('create')} onClose={onClose} onSubmit={create}>
            <label class="field">
                <span>{t('name')}</span>
                <input
                    required
                    pattern="[0-9a-zA-Z_\-]{3,20}"
                    title={t('newIndexHint')}
                    autocomplete="off"
                    value={name}
                    onInput={(event) => setName(event.currentTarget.value)}
                />
                <small>{t('newIndexHint')}</small>
            </label>
            {fault && <p class="fault">{fault}</p>}
        </Modal>
    );
}

export function IndexSelector() {
    const t = useWords();
    const known = names.use();
    const current = currentIndex.use();
    const [creating, setCreating] = useState(false);
    useEffect(() => void loadIndexes().catch(notifyFault), []);
    const remove = async () => {
        if (!(await confirmed(t('deleteIndexAsk', { name: current }), t('remove')))) return;
        try {
            await deleteIndex(current);
            choose(DEFAULT_INDEX);
            await loadIndexes();
        } catch (fault) {
            notifyFault(fault);
        }
    };
    const shown = known.includes(current) ? known : [current, ...known];
    return (
        <div class="index-selector">
            <select
                class="select"
                aria-label={t('index')}
                title={t('index')}
                value={current}
                onChange={(event) => choose(event.currentTarget.value)}
            >
                {shown.map((name) => (
                    <option key={name} value={name}>
                        {name}
                    </option>
                ))}
            </select>
            <button class="icon-button" aria-label={t('newIndex')} title={t('newIndex')} onClick={() => setCreating(true)}>
                <Icon name="plus" />
            </button>
            <button
                class="icon-button"
                aria-label={t('deleteIndex')}
                title={t('deleteIndex')}
                disabled={current === DEFAULT_INDEX}
                onClick={remove}
            >
                <Icon name="trash" />
            </button>
            {creating && <NewIndex onClose={() => setCreating(false)} />}
        </div>
    );
}
