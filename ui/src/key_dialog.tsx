// Asks for the service's API key when a call was answered with 401.
import { useEffect, useState } from 'preact/hooks';
import { onKeyNeeded } from './api';
import { Modal } from './dialogs';
import { useWords } from './i18n';

interface Pending {
    rejected: boolean;
    resolve: (given: { key: string; keep: boolean } | null) => void;
}

export function KeyHost() {
    const t = useWords();
    const [pending, setPending] = useState<Pending | null>(null);
    const [key, setKey] = useState('');
    const [keep, setKeep] = useState(false);
    useEffect(() => {
        onKeyNeeded((rejected) => new Promise((resolve) => setPending({ rejected, resolve })));
    }, []);
    if (!pending) return null;
    const finish = (given: { key: string; keep: boolean } | null) => {
        setPending(null);
        setKey('');
        pending.resolve(given);
    };
    return (
        <Modal
            title={t('keyTitle')}
            submit={t('keyUse')}
            onClose={() => finish(null)}
            onSubmit={() => key.trim() && finish({ key: key.trim(), keep })}
        >
            <p class="quiet">{t('keyText')}</p>
            {pending.rejected && <p class="fault">{t('keyWrong')}</p>}
            <label class="field">
                <span>{t('apiKey')}</span>
                <input
                    type="password"
                    autocomplete="off"
                    value={key}
                    onInput={(event) => setKey(event.currentTarget.value)}
                />
            </label>
            <label class="check">
                <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
                {t('keyRemember')}
            </label>
        </Modal>
    );
}
