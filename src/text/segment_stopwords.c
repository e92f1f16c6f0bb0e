/* segment_stopwords.c: words that say nothing about what a question is about. */
#include <stdlib.h>
#include <string.h>

#include "text/segment_parts.h"

/* Folded, apostrophes removed, in order of bytes. */
static const char *const words[] = {
    "a",     "about",   "am",     "an",     "and",      "any",    "are",    "arent",   "as",     "at",
    "be",    "because", "been",   "being",  "but",      "by",     "can",    "cant",    "could",  "couldnt",
    "did",   "didnt",   "do",     "does",   "doesnt",   "doing",  "dont",   "each",    "for",    "from",
    "give",  "had",     "hadnt",  "has",    "hasnt",    "have",   "havent", "having",  "he",     "her",
    "here",  "hers",    "him",    "his",    "how",      "i",      "if",     "ill",     "im",     "in",
    "into",  "is",      "isnt",   "it",     "its",      "ive",    "just",   "let",     "lets",   "me",
    "my",    "no",      "nor",    "not",    "of",       "on",     "or",     "our",     "ours",   "please",
    "s",     "shall",   "she",    "should", "shouldnt", "so",     "some",   "such",    "t",      "tell",
    "than",  "that",    "thats",  "the",    "their",    "theirs", "them",   "then",    "there",  "these",
    "they",  "theyre",  "this",   "those",  "to",       "too",    "very",   "was",     "wasnt",  "we",
    "were",  "werent",  "weve",   "what",   "whats",    "when",   "where",  "which",   "while",  "who",
    "whom",  "whose",   "why",    "will",   "with",     "wont",   "would",  "wouldnt", "you",    "your",
    "youre", "yours",   "一下",   "一个",   "一些",     "一种",   "上",     "下",      "与",     "且",
    "个",    "中",      "为",     "为了",   "为什么",   "为何",   "为啥",   "么",      "之",     "也",
    "了",    "于",      "些",     "什么",   "什么样",   "从",     "他",     "他们",    "以",     "以及",
    "们",    "会",      "但",     "但是",   "何",       "何时",   "你",     "你们",    "使",     "关于",
    "其",    "其中",    "几",     "几个",   "几时",     "则",     "到",     "又",      "及",     "只",
    "叫",    "可",      "可以",   "各",     "吗",       "吧",     "呀",     "告诉",    "呗",     "呢",
    "咋",    "和",      "咱",     "咱们",   "哦",       "哪",     "哪一",   "哪个",    "哪些",   "哪位",
    "哪儿",  "哪种",    "哪里",   "啊",     "啥",       "嘛",     "因",     "因为",    "在",     "多大",
    "多少",  "她",      "她们",   "如",     "如何",     "它",     "它们",   "对",      "对于",   "将",
    "就",    "就是",    "并",     "并且",   "很",       "得",     "怎",     "怎么",    "怎么办", "怎么样",
    "怎样",  "您",      "我",     "我们",   "或",       "或者",   "所",     "所以",    "才",     "把",
    "是",    "是不是",  "是什么", "是否",   "有",       "有哪些", "有没有", "某",      "某个",   "此",
    "没有",  "由",      "的",     "的话",   "着",       "第几",   "等",     "给",      "而",     "而且",
    "能",    "能否",    "能够",   "自己",   "若",       "被",     "让",     "该",      "请",     "请问",
    "谁",    "谁的",    "跟",     "还",     "还是",     "这",     "这个",   "这些",    "这样",   "这种",
    "那",    "那个",    "那么",   "那些",   "都",       "里",     "麻烦",
};

static int compare(const void *key, const void *item)
{
    const struct rag_str *word = key;
    const char *other = *(const char *const *)item;
    int d = strncmp(word->p, other, word->n);
    return d ? d : -(other[word->n] != '\0');
}

bool rag_stopword(struct rag_str word)
{
    return bsearch(&word, words, sizeof words / sizeof *words, sizeof *words, compare) != NULL;
}
