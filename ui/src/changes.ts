// The difference between two settings objects, in the nested shape that PATCH config takes; null = leave it.

export type Tree = { [key: string]: Tree | string | number | boolean | null };

export function changedOnly(before: Tree, after: Tree): Tree {
    const changed: Tree = {};
    for (const [key, value] of Object.entries(after)) {
        const old = before[key];
        if (value !== null && typeof value === 'object') {
            const inner = changedOnly(old !== null && typeof old === 'object' ? old : {}, value);
            if (Object.keys(inner).length) changed[key] = inner;
        } else if (value !== old && value !== null) {
            changed[key] = value;
        }
    }
    return changed;
}
