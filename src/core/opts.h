/* opts.h: one plain options struct per stage. config/ fills them from its table; stages never see config/. */
#ifndef RAG_CORE_OPTS_H
#define RAG_CORE_OPTS_H

#include <stdbool.h>

enum rag_splitter { RAG_SPLIT_SENTENCE, RAG_SPLIT_TOKEN };

struct rag_chunk_opts {
    enum rag_splitter splitter;
    int chunk_size;                  /* tokens, heading prefix included; capped by the embedder's window */
    int chunk_overlap;               /* tokens */
    const char *paragraph_separator; /* "\n\n\n" */
};

struct rag_reader_opts {
    bool concat_csv_rows;
    bool format_sheet_data_to_json;
    const char *const *sheet_column_filters; /* NULL-terminated, or NULL for all columns */
};

enum rag_retrieval_mode { RAG_MODE_DENSE, RAG_MODE_LEXICAL, RAG_MODE_HYBRID };

struct rag_retrieve_opts {
    enum rag_retrieval_mode mode;
    int top_k;
    double similarity_threshold; /* on score = (1+cos)/2; 0 keeps all */
    int rrf_k;                   /* 60 */
};

enum rag_llm_source { RAG_LLM_NONE, RAG_LLM_DASHSCOPE, RAG_LLM_OPENAI, RAG_LLM_PAIEAS };

/* An OpenAI-protocol chat endpoint. Strings belong to the holder of the struct. */
struct rag_llm_opts {
    enum rag_llm_source source;
    const char *base_url; /* ends before "/chat/completions"; no trailing slash */
    const char *api_key;  /* NULL or "" = none */
    const char *model;
    const char *system_prompt; /* NULL or "" = none */
    double temperature;
    int max_tokens;
    int context_window; /* tokens; 0 = from the table of known models, else 8192 */
    int timeout_s;      /* no byte for this long = failure */
};

struct rag_prompt_opts {
    const char *text_qa_template; /* with {context_str} and {query_str} */
    const char *citation_qa_template;
};

#endif
