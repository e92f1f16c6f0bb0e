// Files of a drop (folders are walked) and small things about files for display.

async function readAll(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
    const all: FileSystemEntry[] = [];
    for (;;) {
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
        if (!some.length) return all;
        all.push(...some);
    }
}

async function walk(entry: FileSystemEntry, found: File[]): Promise<void> {
    if (entry.name.startsWith('.')) return; // .DS_Store and friends
    if (entry.isFile) {
        found.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    } else {
        for (const child of await readAll((entry as FileSystemDirectoryEntry).createReader())) await walk(child, found);
    }
}

/** Must be called while the drop event runs: the browser empties the list afterwards. */
export function droppedFiles(transfer: DataTransfer): Promise<File[]> {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
    const plain = [...transfer.files];
    return (async () => {
        if (!entries.length) return plain;
        const found: File[] = [];
        for (const entry of entries) await walk(entry, found);
        return found;
    })();
}

export function sizeText(bytes: number): string {
    const units = ['B', 'KB', 'MB', 'GB'];
    let value = bytes;
    let unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
        value /= 1000;
        unit++;
    }
    return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function extension(name: string): string {
    const dot = name.lastIndexOf('.');
    return dot > 0 ? name.slice(dot + 1, dot + 6).toUpperCase() : '–';
}
