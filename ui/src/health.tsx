// The badge that says whether the service answers and its model is loaded.
import { useEffect } from 'preact/hooks';
import { getHealth } from './api';
import { useWords } from './i18n';
import { createStore } from './store';

type State = 'ready' | 'starting' | 'offline';
const state = createStore<State>('starting');

async function look(): Promise<State> {
    try {
        const health = await getHealth();
        return health.ready === false ? 'starting' : 'ready';
    } catch {
        return 'offline';
    }
}

/** Often while waiting, seldom when all is well, not at all in a hidden tab. */
export function useHealthWatch(): void {
    useEffect(() => {
        let timer = 0;
        const tick = async () => {
            if (!document.hidden) state.set(await look());
            timer = window.setTimeout(tick, state.get() === 'ready' ? 15000 : 1500);
        };
        const wake = () => {
            if (document.hidden) return;
            clearTimeout(timer);
            void tick();
        };
        void tick();
        document.addEventListener('visibilitychange', wake);
        return () => {
            clearTimeout(timer);
            document.removeEventListener('visibilitychange', wake);
        };
    }, []);
}

export function HealthBadge() {
    const t = useWords();
    const now = state.use();
    return (
        <span class={`badge ${now}`} role="status" title={t(now)}>
            <span class="dot" />
            <span class="badge-text">{t(now)}</span>
        </span>
    );
}
