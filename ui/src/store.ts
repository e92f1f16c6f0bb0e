// A value that components can follow: get, set, use. All shared state of the page is made of these.
import { useEffect, useState } from 'preact/hooks';

export interface Store<T> {
    get(): T;
    set(value: T): void;
    use(): T;
}

export function createStore<T>(initial: T): Store<T> {
    let value = initial;
    const followers = new Set<(value: T) => void>();
    return {
        get: () => value,
        set(next) {
            if (Object.is(next, value)) return;
            value = next;
            for (const follower of [...followers]) follower(next);
        },
        use() {
            const [seen, setSeen] = useState<{ value: T }>({ value });
            useEffect(() => {
                const follower = (next: T) => setSeen({ value: next });
                followers.add(follower);
                if (!Object.is(value, seen.value)) follower(value); // changed between render and effect
                return () => void followers.delete(follower);
            }, []);
            return seen.value;
        },
    };
}

// Storage may be switched off by the browser: the page then simply forgets.
export function remember(area: 'local' | 'session', key: string, value: string | null): void {
    try {
        const storage = area === 'local' ? localStorage : sessionStorage;
        if (value === null) storage.removeItem(key);
        else storage.setItem(key, value);
    } catch {
        /* private mode or full: nothing depends on it */
    }
}

export function recall(area: 'local' | 'session', key: string): string | null {
    try {
        return (area === 'local' ? localStorage : sessionStorage).getItem(key);
    } catch {
        return null;
    }
}
