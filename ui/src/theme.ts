// Light, dark, or as the system says; the choice is remembered.
import { createStore, recall, remember } from './store';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'pai_rag.theme';
const ORDER: Theme[] = ['system', 'light', 'dark'];

const saved = recall('local', KEY);
export const theme = createStore<Theme>(saved === 'light' || saved === 'dark' ? saved : 'system');

function markPage(): void {
    if (theme.get() === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.get();
}
markPage();

export function nextTheme(): void {
    const next = ORDER[(ORDER.indexOf(theme.get()) + 1) % ORDER.length];
    remember('local', KEY, next === 'system' ? null : next);
    theme.set(next);
    markPage();
}
