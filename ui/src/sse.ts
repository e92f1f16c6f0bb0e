// Incremental parser of server-sent events (WHATWG HTML, section 9.2): any split of the stream in, data out.

export class SseParser {
    private rest = '';
    private data: string[] = [];
    private afterCr = false;

    /** Feeds text as it arrives; returns the data of every event that it completed. */
    feed(text: string): string[] {
        if (this.afterCr && text.startsWith('\n')) text = text.slice(1);
        if (text) this.afterCr = text.endsWith('\r');
        const lines = (this.rest + text).split(/\r\n|\n|\r/);
        this.rest = lines.pop() ?? '';
        const events: string[] = [];
        for (const line of lines) {
            if (line === '') {
                if (this.data.length) events.push(this.data.join('\n'));
                this.data = [];
            } else if (line.startsWith('data:')) {
                this.data.push(line.slice(line[5] === ' ' ? 6 : 5));
            } else if (line === 'data') {
                this.data.push('');
            } // comments and the other fields carry nothing that we use
        }
        return events;
    }
}
