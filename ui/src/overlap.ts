// Finds the sentence of a passage that a claim of the answer most likely rests on, to highlight it.

export interface Range {
    begin: number;
    end: number;
}

// A Latin full stop ends a sentence only before white space, so that "3.5" and "a.txt" stay whole.
const END = /[。！？!?；]+["”’）)]*|\.["”’)]*(?=\s|$)|\n+/g;

export function splitSentences(text: string): Range[] {
    const ranges: Range[] = [];
    let begin = 0;
    const push = (end: number) => {
        let from = begin;
        let to = end;
        while (from < to && /\s/.test(text[from])) from++;
        while (to > from && /\s/.test(text[to - 1])) to--;
        if (from < to) ranges.push({ begin: from, end: to });
        begin = end;
    };
    for (const match of text.matchAll(END)) push(match.index + match[0].length);
    push(text.length);
    return ranges;
}

// Latin words and numbers as they are; Chinese, Japanese and Korean runs as pairs of characters.
function terms(text: string): Set<string> {
    const found = new Set<string>();
    for (const [run] of text.toLowerCase().matchAll(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+|[\p{L}\p{N}]+/gu)) {
        if (/^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(run)) {
            for (let i = 0; i + 1 < run.length; i++) found.add(run.slice(i, i + 2));
        } else if (run.length > 1 || /\p{N}/u.test(run)) {
            found.add(run);
        }
    }
    return found;
}

/** At least this share of the claim's terms must occur, or nothing is marked: a wrong highlight misleads. */
const ENOUGH = 0.3;

export function bestSentence(passage: string, claim: string): Range | null {
    const wanted = terms(claim);
    if (!wanted.size) return null;
    let best: Range | null = null;
    let bestShare = ENOUGH;
    for (const range of splitSentences(passage)) {
        let shared = 0;
        for (const term of terms(passage.slice(range.begin, range.end))) if (wanted.has(term)) shared++;
        const share = shared / wanted.size;
        if (share > bestShare || (share === bestShare && !best)) {
            best = range;
            bestShare = share;
        }
    }
    return best;
}
