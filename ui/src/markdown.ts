// Model text → safe DOM. The text is untrusted: markup passes a whitelist, nothing is fetched from elsewhere.
import DOMPurify from 'dompurify';
import { Marked } from 'marked';
import { say } from './i18n';

const TAGS =
    'p br hr h1 h2 h3 h4 h5 h6 strong em b i u s del ins sub sup mark code kbd pre blockquote ul ol li ' +
    'table thead tbody tr th td caption a img';
const RULES = {
    ALLOWED_TAGS: TAGS.split(' '),
    ALLOWED_ATTR: ['href', 'src', 'alt', 'title', 'start', 'align', 'colspan', 'rowspan'],
    // http, https, mailto, or no scheme at all; what an address means is decided in tameLink and tameImage.
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|(?![a-z][a-z0-9+.-]*:))/i,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
};

// Markup with any other tag, with handlers or styles, a comment or half a tag is shown as the text it is: an
// unclosed "<!--" must not swallow the rest of an answer.
const ATTRIBUTE = `\\s+(?!on|style)[a-z-]+(?:\\s*=\\s*(?:"[^"<>]*"|'[^'<>]*'|[^\\s"'<>=]+))?`;
const OTHER_MARKUP = new RegExp(`<(?!/?(?:${TAGS.replace(/ /g, '|')})(?:${ATTRIBUTE})*\\s*/?>)`, 'i');
const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const marked = new Marked({
    gfm: true,
    breaks: true,
    async: false,
    renderer: {
        html({ text, block }) {
            if (!OTHER_MARKUP.test(text)) return text;
            const shown = text.trim().replace(/[&<>"]/g, (c) => ESCAPES[c]);
            return block ? `<p>${shown}</p>` : shown;
        },
    },
});

function resolve(address: string): URL | null {
    try {
        return new URL(address, document.baseURI);
    } catch {
        return null;
    }
}

function tameLink(link: HTMLAnchorElement): void {
    const url = resolve(link.getAttribute('href') ?? '');
    if (!link.hasAttribute('href') || !url || !/^(https?|mailto):$/.test(url.protocol)) {
        link.removeAttribute('href');
        return;
    }
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
}

/** Only images of this very host load by themselves; another host would learn who reads what. */
function tameImage(image: HTMLImageElement): void {
    const url = resolve(image.getAttribute('src') ?? '');
    if (url && (url.protocol === 'data:' || url.origin === location.origin)) {
        image.loading = 'lazy';
        return;
    }
    if (!url || !/^https?:$/.test(url.protocol)) {
        image.replaceWith(image.alt);
        return;
    }
    const link = image.ownerDocument.createElement('a');
    link.className = 'foreign-image';
    link.href = url.href;
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
    link.textContent = image.alt || say('image', { host: url.host });
    link.title = say('image', { host: url.host });
    if (image.parentElement?.tagName === 'A') image.parentElement.replaceWith(link);
    else image.replaceWith(link);
}

const MARKER = /[[【]\d{1,3}(?:\s*[,，、]\s*\d{1,3})*[\]】]/g;

/** Turns [1] and [1, 2] in running text (not in code or links) into buttons; data-nth counts all of them. */
function markCitations(body: HTMLElement): void {
    const doc = body.ownerDocument;
    const walker = doc.createTreeWalker(body, NodeFilter.SHOW_TEXT, (node) =>
        node.parentElement?.closest('code, pre, a') ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
    );
    const texts: Text[] = [];
    while (walker.nextNode()) texts.push(walker.currentNode as Text);
    let nth = 0;
    for (const text of texts) {
        const pieces: (string | Node)[] = [];
        let end = 0;
        for (const match of text.data.matchAll(MARKER)) {
            pieces.push(text.data.slice(end, match.index));
            for (const [number] of match[0].matchAll(/\d+/g)) {
                const chip = doc.createElement('button');
                chip.type = 'button';
                chip.className = 'cite';
                chip.dataset.number = number;
                chip.dataset.nth = String(nth++);
                chip.textContent = number;
                pieces.push(chip);
            }
            end = match.index + match[0].length;
        }
        if (!pieces.length) continue;
        pieces.push(text.data.slice(end));
        text.replaceWith(...pieces);
    }
}

/** Wide tables scroll inside their own box instead of widening the page. */
function boxTables(body: HTMLElement): void {
    for (const table of body.querySelectorAll('table')) {
        const box = body.ownerDocument.createElement('div');
        box.className = 'table-box';
        box.tabIndex = 0;
        table.replaceWith(box);
        box.append(table);
    }
}

/** All work is done in a document that loads nothing; only the finished nodes enter the page. */
export function renderMarkdown(text: string): DocumentFragment {
    const clean = DOMPurify.sanitize(marked.parse(text) as string, RULES);
    const inert = new DOMParser().parseFromString(clean, 'text/html');
    inert.body.querySelectorAll('img').forEach(tameImage);
    inert.body.querySelectorAll('a').forEach(tameLink);
    markCitations(inert.body);
    boxTables(inert.body);
    const fragment = document.createDocumentFragment();
    fragment.append(...inert.body.childNodes);
    return fragment;
}
