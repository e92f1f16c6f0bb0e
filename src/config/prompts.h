/* prompts.h: the default prompt templates. {context_str} and {query_str} are filled in by rag/prompt. */
#ifndef RAG_CONFIG_PROMPTS_H
#define RAG_CONFIG_PROMPTS_H

#define RAG_PROMPT_TEXT_QA                                                                                                                             \
    "请根据下面的参考资料回答问题。只依据参考资料，不使用其他知识；资料中没有答案时，直接说明不知道。" \
    "用提问所用的语言回答。\n"                                                                                                              \
    "Answer the question from the reference material below and from nothing else. If the answer is not "                                               \
    "there, say that you do not know. Use the language of the question.\n"                                                                             \
    "\n"                                                                                                                                               \
    "参考资料 / Reference material:\n"                                                                                                             \
    "{context_str}\n"                                                                                                                                  \
    "\n"                                                                                                                                               \
    "问题 / Question: {query_str}\n"                                                                                                                 \
    "回答 / Answer:"

#define RAG_PROMPT_CITATION_QA                                                                                                                 \
    "请严格依据下面带编号的参考资料回答问题，并遵守以下规则：\n"                                                   \
    "1. 每句话用到哪条资料，就在句末写出它的编号，如 [1]；用到多条时写成 [1][3]。方括号里只写数字。\n" \
    "2. 回答至少要有一个编号，且只能使用资料中出现的编号。\n"                                                         \
    "3. 资料中没有答案时，直接说明不知道，不要猜测。\n"                                                                  \
    "4. 用提问所用的语言回答。\n"                                                                                                   \
    "Answer strictly from the numbered sources below. Put the number of the source after each sentence "                                       \
    "that "                                                                                                                                    \
    "uses it, like [1], or [1][3] for several; only numbers stand in the brackets; cite at least one "                                         \
    "source "                                                                                                                                  \
    "and only sources that are listed. If the answer is not there, say that you do not know. Use the "                                         \
    "language of the question.\n"                                                                                                              \
    "\n"                                                                                                                                       \
    "示例 / Example:\n"                                                                                                                      \
    "Source 1:\n"                                                                                                                              \
    "图书馆周一闭馆。\n"                                                                                                               \
    "Source 2:\n"                                                                                                                              \
    "图书馆周二至周日 9:00 开门，每人最多借 10 本书。\n"                                                                    \
    "问题 / Question: 图书馆什么时候开门？\n"                                                                                      \
    "回答 / Answer: 图书馆周二至周日 9:00 开门[2]，周一闭馆[1]。\n"                                                          \
    "\n"                                                                                                                                       \
    "参考资料 / Sources:\n"                                                                                                                \
    "{context_str}\n"                                                                                                                          \
    "\n"                                                                                                                                       \
    "问题 / Question: {query_str}\n"                                                                                                         \
    "回答 / Answer:"

#endif
