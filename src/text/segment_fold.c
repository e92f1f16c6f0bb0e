/* segment_fold.c: folds one character at a time, so that every folded character keeps its place. */
#include "text/segment_fold.h"

#include <utf8proc.h>

#include "text/utf8.h"

/* Parts that belong to the character before them: voicing marks of kana, vowels and finals of hangul. */
static bool joins_previous(uint32_t cp)
{
    return cp == 0x3099 || cp == 0x309A || cp == 0xFF9E || cp == 0xFF9F || (cp >= 0x1160 && cp <= 0x11FF);
}

static bool takes_parts(uint32_t cp)
{
    return (cp >= 0x3040 && cp <= 0x30FF) || (cp >= 0xFF66 && cp <= 0xFF9D) || (cp >= 0x1100 && cp <= 0x115F);
}

/* Accents, vowel points and the like: what people leave out when they type a question. */
static bool is_accent(int32_t cp)
{
    return (cp >= 0x0300 && cp <= 0x036F) || (cp >= 0x0591 && cp <= 0x05C7) || (cp >= 0x064B && cp <= 0x065F);
}

static int fold_one(uint32_t cp, int32_t *out, int room)
{
    int boundary = 0;
    int n = (int)utf8proc_decompose_char(
        (int32_t)cp, out, room, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE,
        &boundary);
    return n < 0 || n > room ? 0 : n;
}

/* Kana and hangul keep their marks and are put together again: か + ゛ is が, ㅎ + ㅏ + ㄴ is 한. */
static int fold_with_parts(struct rag_fold *f, uint32_t cp)
{
    int n = fold_one(cp, f->ready, 4);
    while (f->at < f->text.n && n <= 4) {
        size_t at = f->at;
        uint32_t next = rag_utf8_next(f->text, &at);
        if (!joins_previous(next))
            break;
        n += fold_one(next, f->ready + n, 4);
        f->at = at;
    }
    int made = (int)utf8proc_normalize_utf32(f->ready, n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    return made < 0 ? n : made;
}

/* Ideographs and hangul syllables fold to themselves. */
static bool folds_to_itself(uint32_t cp)
{
    return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3400 && cp <= 0x4DBF) || (cp >= 0xAC00 && cp <= 0xD7A3);
}

bool rag_fold_next(struct rag_fold *f, struct rag_glyph *out)
{
    for (;;) {
        while (f->i_ready < f->n_ready) {
            int32_t cp = f->ready[f->i_ready++];
            if (is_accent(cp))
                continue;
            *out = (struct rag_glyph){(uint32_t)cp, f->begin, f->at};
            return true;
        }
        if (f->at >= f->text.n)
            return false;
        f->begin = f->at;
        unsigned char c = (unsigned char)f->text.p[f->at];
        if (c < 0x80) {
            *out = (struct rag_glyph){c >= 'A' && c <= 'Z' ? c + 32u : c, f->begin, ++f->at};
            return true;
        }
        uint32_t cp = rag_utf8_next(f->text, &f->at);
        if (folds_to_itself(cp)) {
            *out = (struct rag_glyph){cp, f->begin, f->at};
            return true;
        }
        f->i_ready = 0;
        f->n_ready = takes_parts(cp) ? fold_with_parts(f, cp) : fold_one(cp, f->ready, 18);
    }
}
