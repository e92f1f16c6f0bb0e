/* options.c: the one table of all settings. The order here is the order of settings.toml and docs/config.md.
 */
#include "config/options.h"

#include "config/prompts.h"

#define ROW(k, t, d, ...)                                                                                    \
    {                                                                                                        \
        .key = (k), .type = RAG_OPT_##t, .dflt = (d), __VA_ARGS__                                            \
    }
#define RANGE(lo, hi) .min = (lo), .max = (hi)
#define HELP(en, zh)  .help = (en), .help_zh = (zh)
/* Options of PAI-RAG that later versions will use: kept so that its files and clients round-trip. */
#define IDLE       .flags = RAG_OPT_IDLE
#define IDLE_QUIET .flags = RAG_OPT_IDLE | RAG_OPT_QUIET

#define DASHSCOPE_URL "https://dashscope.aliyuncs.com/compatible-mode/v1"
#define OPENAI_URL    "https://api.openai.com/v1"
#define URLS          "dashscope=" DASHSCOPE_URL "|openai=" OPENAI_URL
#define KEY_VARIABLES "dashscope=DASHSCOPE_API_KEY|openai=OPENAI_API_KEY"

const struct rag_option rag_options[] = {
    /* ---- the processes ---- */
    ROW("server.host", STR, "0.0.0.0", HELP("address that the API listens on", "API 监听地址")),
    ROW("server.port", INT, "8001", RANGE(0, 65535), HELP("port of the API", "API 端口")),
    ROW("server.workers", INT, "1", RANGE(1, 1024), IDLE,
        HELP("one process uses all cores", "单进程即可用满所有核")),
    ROW("server.api_key", SECRET, NULL, .env = "PAI_RAG_API_KEY",
        HELP("when set, every route but health wants \"Authorization: Bearer <key>\"",
             "设置后，除 health 外所有接口都需要 \"Authorization: Bearer <key>\"")),
    ROW("server.cors_origins", STR, "",
        HELP("comma list of web origins that may call the API from another site",
             "允许跨域调用的来源，逗号分隔")),
    ROW("server.threads", INT, "0", RANGE(0, 1024), .flags = RAG_OPT_RESTART,
        HELP("compute threads; 0 = all cores", "计算线程数；0 表示全部核")),
    ROW("server.max_indexes", INT, "20", RANGE(1, 100000), .env = "DEFAULT_MAX_INDEX_ENTRY_COUNT",
        HELP("most knowledge bases", "知识库数量上限")),
    ROW("server.model_dir", STR, NULL, .env = "PAI_RAG_MODEL_DIR", .flags = RAG_OPT_RESTART,
        HELP("folder with the model folders; default: /huggingface/pai_rag_model_repository_01 if it exists, "
             "else "
             "./model_repository",
             "模型目录；默认 /huggingface/pai_rag_model_repository_01（若存在），否则 ./model_repository")),
    ROW("server.parse_program", STR, NULL, .flags = RAG_OPT_RESTART,
        HELP("path of pai_rag_parse; default: beside pai_rag",
             "pai_rag_parse 的路径；默认与 pai_rag 同目录")),
    ROW("server.dict_dir", STR, NULL, .flags = RAG_OPT_RESTART,
        HELP("folder with the word segmenter's dictionary; default: where set-up put it", "分词词典目录")),
    ROW("server.drain_seconds", INT, "10", RANGE(0, 600),
        HELP("how long running requests may go on when the service is stopped",
             "停止服务时等待请求结束的秒数")),

    ROW("ui.host", STR, "0.0.0.0", HELP("address that the web page's server listens on", "Web 界面监听地址")),
    ROW("ui.port", INT, "8002", RANGE(0, 65535), HELP("port of the web page's server", "Web 界面端口")),
    ROW("ui.rag_url", URL, "http://0.0.0.0:8001/", HELP("address of the API", "API 地址")),

    ROW("up.port", INT, "8000", RANGE(1, 65535),
        HELP("port of nginx, the one to open in a browser", "nginx 端口，浏览器访问此端口")),
    ROW("up.examples", STR, "examples",
        HELP("folder loaded into default_index while that is empty; \"\" = none",
             "default_index 为空时载入的示例目录；留空则不载入")),

    /* ---- the model that writes the answers ---- */
    ROW("rag.llm.source", ENUM, "dashscope", .choices = "dashscope|openai|paieas",
        HELP("who serves the model; openai also means any server that speaks its protocol (set base_url)",
             "大模型来源；openai 也可指任何兼容 OpenAI 协议的服务（需设置 base_url）")),
    ROW("rag.llm.model", STR, NULL, .by_source = "dashscope=qwen-max|openai=gpt-3.5-turbo|paieas=default",
        .old = "rag.llm.name",
        HELP("name of the model; default qwen-max (dashscope), gpt-3.5-turbo (openai), default (paieas)",
             "模型名称")),
    ROW("rag.llm.api_key", SECRET, NULL, .by_source_env = KEY_VARIABLES, .host = "rag.llm.base_url",
        HELP("key for dashscope and openai; without one, DASHSCOPE_API_KEY or OPENAI_API_KEY is used for its "
             "own "
             "source. With no key anywhere the service answers extractively",
             "dashscope 与 openai 的密钥；未设置时使用环境变量 DASHSCOPE_API_KEY 或 "
             "OPENAI_API_KEY；都没有时返回抽取式答案")),
    ROW("rag.llm.base_url", URL, NULL, .by_source = URLS,
        HELP("address that ends before /chat/completions; with source openai and this set, no key is needed "
             "(vLLM, Ollama, …). Changing its host clears a stored key",
             "接口地址（/chat/completions 之前的部分）；source 为 openai "
             "且设置此项时可以不填密钥；更换主机会清除已存的密钥")),
    ROW("rag.llm.endpoint", URL, NULL, HELP("paieas: address of the EAS service", "paieas：EAS 服务地址")),
    ROW("rag.llm.token", SECRET, NULL, .host = "rag.llm.endpoint",
        HELP("paieas: token of the EAS service", "paieas：EAS 服务 Token")),
    ROW("rag.llm.temperature", NUM, "0.1", RANGE(0, 2), HELP("0 = always the likeliest word", "采样温度")),
    ROW("rag.llm.max_tokens", INT, "2000", RANGE(1, 1000000),
        HELP("most tokens of an answer", "回答的最大 token 数")),
    ROW("rag.llm.system_prompt", STR, NULL, HELP("sent as the first message", "系统提示词")),
    ROW("rag.llm.context_window", INT, "0", RANGE(0, 10000000),
        HELP("tokens that the model can read; 0 = from the list of known models, else 8192",
             "模型上下文长度；0 表示按已知模型取值，未知时为 8192")),
    ROW("rag.llm.timeout_s", INT, "120", RANGE(1, 3600),
        HELP("seconds without a byte from the model before giving up", "模型无响应的超时秒数")),

    /* ---- documents to chunks ---- */
    ROW("rag.data_reader.concat_csv_rows", BOOL, "false",
        HELP("one piece per CSV file, not one per row", "将 CSV 的所有行合并为一段")),
    ROW("rag.data_reader.format_sheet_data_to_json", BOOL, "false",
        HELP("write rows of tables as JSON", "表格行以 JSON 形式写出")),
    ROW("rag.data_reader.sheet_column_filters", STRS, NULL,
        HELP("columns of tables to keep; default all", "保留的表格列；默认全部")),
    ROW("rag.data_reader.enable_mandatory_ocr", BOOL, "false", IDLE),
    ROW("rag.data_reader.enable_table_summary", BOOL, "false", IDLE),

    ROW("rag.node_parser.type", ENUM, "Sentence", .choices = "Token|Sentence|SentenceWindow|Semantic",
        HELP("how text is cut; SentenceWindow and Semantic act as Sentence in this version",
             "切分方式；本版本中 SentenceWindow 与 Semantic 等同于 Sentence")),
    ROW("rag.node_parser.chunk_size", INT, "500", RANGE(1, 100000),
        HELP("tokens of a chunk, heading included; capped by the embedding model's window",
             "每段的最大 token 数")),
    ROW("rag.node_parser.chunk_overlap", INT, "10", RANGE(0, 100000),
        HELP("tokens repeated from one chunk to the next; less than chunk_size", "相邻两段重叠的 token 数")),
    ROW("rag.node_parser.paragraph_separator", STR, "\n\n\n", HELP("cut here first", "段落分隔符")),
    ROW("rag.node_parser.enable_multimodal", BOOL, "true", IDLE),
    ROW("rag.node_parser.sentence_window_size", INT, "3", RANGE(0, 1000), IDLE),
    ROW("rag.node_parser.sentence_chunk_overlap", INT, "200", RANGE(0, 100000), IDLE),
    ROW("rag.node_parser.breakpoint_percentile_threshold", NUM, "95", RANGE(0, 100), IDLE),
    ROW("rag.node_parser.buffer_size", INT, "1", RANGE(0, 1000), IDLE),

    /* ---- embedding and index ---- */
    ROW("rag.embedding.source", ENUM, "huggingface", .choices = "huggingface|dashscope|openai|cnclip",
        .flags = RAG_OPT_RESTART,
        HELP("huggingface = a model of the model folder, computed here. In this version the others act the "
             "same, "
             "with the default model",
             "huggingface 表示使用本地模型；本版本中其他取值同样使用默认的本地模型")),
    ROW("rag.embedding.model", STR, NULL,
        .by_source =
            "huggingface=bge-small-zh-v1.5|dashscope=text-embedding-v2|openai=text-embedding-ada-002|"
            "cnclip=ViT-L-14",
        .old = "rag.embedding.model_name", .flags = RAG_OPT_RESTART,
        HELP("name of its folder in the model folder; default bge-small-zh-v1.5", "模型目录中的文件夹名")),
    ROW("rag.embedding.embed_batch_size", INT, "10", RANGE(1, 10000), IDLE),
    ROW("rag.embedding.enable_sparse", BOOL, "false", IDLE),
    ROW("rag.embedding.api_key", SECRET, NULL, .by_source_env = KEY_VARIABLES,
        .host = "rag.embedding.base_url", IDLE_QUIET),
    ROW("rag.embedding.base_url", URL, NULL, .by_source = URLS, IDLE_QUIET),

    ROW("rag.index.persist_path", STR, "localdata/storage", IDLE),
    ROW("rag.index.enable_multimodal", BOOL, "true", IDLE),
    ROW("rag.index.vector_store.type", ENUM, "faiss",
        .choices = "faiss|analyticdb|elasticsearch|postgresql|opensearch|milvus|hologres", IDLE,
        .help = "in this version vectors are always kept in the built-in store"),
    ROW("rag.index.vector_store.persist_path", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.is_image_store", BOOL, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.host", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.port", INT, NULL, RANGE(0, 65535), IDLE_QUIET),
    ROW("rag.index.vector_store.user", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.username", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.password", SECRET, NULL, .host = "rag.index.vector_store.host", IDLE_QUIET),
    ROW("rag.index.vector_store.database", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.table_name", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.pre_delete_table", BOOL, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.ak", SECRET, NULL, .host = "rag.index.vector_store.region_id", IDLE_QUIET),
    ROW("rag.index.vector_store.sk", SECRET, NULL, .host = "rag.index.vector_store.region_id", IDLE_QUIET),
    ROW("rag.index.vector_store.region_id", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.instance_id", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.account", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.account_password", SECRET, NULL, .host = "rag.index.vector_store.region_id",
        IDLE_QUIET),
    ROW("rag.index.vector_store.namespace", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.collection", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.collection_name", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.reranker_weights", NUMS, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.es_url", URL, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.es_user", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.es_password", SECRET, NULL, .host = "rag.index.vector_store.es_url",
        IDLE_QUIET),
    ROW("rag.index.vector_store.es_index", STR, NULL, IDLE_QUIET),
    ROW("rag.index.vector_store.endpoint", STR, NULL, IDLE_QUIET),

    /* ---- finding the passages ---- */
    ROW("rag.retriever.vector_store_query_mode", ENUM, "hybrid",
        .choices = "hybrid|default|text_search|sparse|embedding=default|keyword=text_search",
        .old = "rag.retriever.retrieval_mode",
        HELP("hybrid = vectors and words, fused by rank; default = vectors only; text_search and sparse = "
             "words only",
             "hybrid 为向量与关键词融合；default 仅向量；text_search 与 sparse 仅关键词")),
    ROW("rag.retriever.similarity_top_k", INT, "3", RANGE(0, 1000),
        HELP("passages given to the model", "返回的段落数")),
    ROW("rag.retriever.rrf_k", INT, "60", RANGE(1, 10000),
        HELP("constant of reciprocal rank fusion, score = sum of 1/(k + rank)", "倒数排名融合的常数 k")),
    ROW("rag.retriever.image_similarity_top_k", INT, "2", RANGE(0, 1000), IDLE),
    ROW("rag.retriever.search_image", BOOL, "false", IDLE),
    ROW("rag.retriever.hybrid_fusion_weights", NUMS, "[0.7, 0.3]", IDLE),

    ROW("rag.postprocessor.similarity_threshold", NUM, "0.5", RANGE(0, 1),
        HELP("passages with a score below it are dropped; score = (1 + cosine) / 2",
             "低于该分数的段落被丢弃；分数 = (1 + 余弦) / 2")),
    ROW("rag.postprocessor.reranker_type", ENUM, "no-reranker",
        .choices = "no-reranker|model-based-reranker|simple-weighted-reranker=no-reranker", IDLE),
    ROW("rag.postprocessor.reranker_model", STR, NULL, IDLE_QUIET),
    ROW("rag.postprocessor.top_n", INT, "2", RANGE(0, 1000), IDLE),

    ROW("rag.synthesizer.text_qa_template", PROMPT, RAG_PROMPT_TEXT_QA,
        HELP("prompt with {context_str} and {query_str}", "问答提示词，须含 {context_str} 与 {query_str}")),
    ROW("rag.synthesizer.citation_text_qa_template", PROMPT, RAG_PROMPT_CITATION_QA,
        HELP("the same for answers with citations [n]", "带引用标记 [n] 的问答提示词")),
    ROW("rag.synthesizer.use_multimodal_llm", BOOL, "false", IDLE),
    ROW("rag.synthesizer.multimodal_qa_template", STR, NULL, IDLE),
    ROW("rag.synthesizer.citation_multimodal_qa_template", STR, NULL, IDLE),

    /* ---- PAI-RAG's other sections ---- */
    ROW("rag.chat_store.type", ENUM, "local", .choices = "local|redis|aliyun-redis=redis", IDLE),
    ROW("rag.chat_store.persist_path", STR, "localdata/storage", IDLE),
    ROW("rag.chat_store.host", STR, NULL, IDLE_QUIET),
    ROW("rag.chat_store.password", SECRET, NULL, .host = "rag.chat_store.host", IDLE_QUIET),

    ROW("rag.multimodal_llm.source", ENUM, "dashscope", .choices = "dashscope|openai|paieas", IDLE),
    ROW("rag.multimodal_llm.model", STR, NULL,
        .by_source = "dashscope=qwen-vl-max|openai=gpt-4o|paieas=default", IDLE),
    ROW("rag.multimodal_llm.api_key", SECRET, NULL, .by_source_env = KEY_VARIABLES,
        .host = "rag.multimodal_llm.base_url", IDLE),
    ROW("rag.multimodal_llm.base_url", URL, NULL, .by_source = URLS, IDLE),
    ROW("rag.multimodal_llm.endpoint", URL, NULL, IDLE),
    ROW("rag.multimodal_llm.token", SECRET, NULL, .host = "rag.multimodal_llm.endpoint", IDLE),
    ROW("rag.multimodal_llm.temperature", NUM, "0.1", RANGE(0, 2), IDLE),
    ROW("rag.multimodal_llm.max_tokens", INT, "2000", RANGE(1, 1000000), IDLE),
    ROW("rag.multimodal_llm.system_prompt", STR, NULL, IDLE),

    ROW("rag.functioncalling_llm.source", ENUM, NULL, .choices = "dashscope|openai|paieas", IDLE_QUIET),
    ROW("rag.functioncalling_llm.model", STR, NULL, IDLE_QUIET),
    ROW("rag.functioncalling_llm.api_key", SECRET, NULL, .host = "rag.functioncalling_llm.base_url",
        IDLE_QUIET),
    ROW("rag.functioncalling_llm.base_url", URL, NULL, .by_source = URLS, IDLE_QUIET),
    ROW("rag.functioncalling_llm.endpoint", URL, NULL, IDLE_QUIET),
    ROW("rag.functioncalling_llm.token", SECRET, NULL, .host = "rag.functioncalling_llm.endpoint",
        IDLE_QUIET),
    ROW("rag.functioncalling_llm.temperature", NUM, NULL, RANGE(0, 2), IDLE_QUIET),
    ROW("rag.functioncalling_llm.max_tokens", INT, NULL, RANGE(1, 1000000), IDLE_QUIET),
    ROW("rag.functioncalling_llm.system_prompt", STR, NULL, IDLE_QUIET),

    ROW("rag.multimodal_embedding.source", ENUM, "cnclip", .choices = "cnclip|huggingface|dashscope|openai",
        IDLE),
    ROW("rag.multimodal_embedding.model", STR, "ViT-L-14", IDLE),
    ROW("rag.multimodal_embedding.embed_batch_size", INT, "10", RANGE(1, 10000), IDLE),
    ROW("rag.multimodal_embedding.enable_sparse", BOOL, "false", IDLE),
    ROW("rag.multimodal_embedding.api_key", SECRET, NULL, .host = "rag.multimodal_embedding.base_url",
        IDLE_QUIET),
    ROW("rag.multimodal_embedding.base_url", URL, NULL, .by_source = URLS, IDLE_QUIET),

    ROW("rag.agent.system_prompt", STR, NULL, IDLE),
    ROW("rag.agent.python_scripts", STR, NULL, IDLE),
    ROW("rag.agent.function_definition", STR, NULL, IDLE),
    ROW("rag.agent.api_definition", STR, NULL, IDLE),

    ROW("rag.data_analysis.type", ENUM, "pandas", .choices = "pandas|sqlite|mysql", IDLE),
    ROW("rag.data_analysis.nl2sql_prompt", STR, NULL, IDLE),
    ROW("rag.data_analysis.synthesizer_prompt", STR, NULL, IDLE),
    ROW("rag.data_analysis.file_path", STR, "./localdata/data_analysis/", IDLE),
    ROW("rag.data_analysis.database", STR, NULL, IDLE_QUIET),
    ROW("rag.data_analysis.tables", STRS, "[]", IDLE),
    ROW("rag.data_analysis.descriptions", MAP, "{}", IDLE),
    ROW("rag.data_analysis.enable_enhanced_description", BOOL, "false", IDLE),
    ROW("rag.data_analysis.enable_db_history", BOOL, "false", IDLE),
    ROW("rag.data_analysis.enable_db_embedding", BOOL, "false", IDLE),
    ROW("rag.data_analysis.max_col_num", INT, "100", RANGE(0, 1000000000), IDLE),
    ROW("rag.data_analysis.max_val_num", INT, "10000", RANGE(0, 1000000000), IDLE),
    ROW("rag.data_analysis.enable_query_preprocessor", BOOL, "false", IDLE),
    ROW("rag.data_analysis.enable_db_preretriever", BOOL, "false", IDLE),
    ROW("rag.data_analysis.enable_db_selector", BOOL, "false", IDLE),
    ROW("rag.data_analysis.db_path", STR, NULL, IDLE_QUIET),
    ROW("rag.data_analysis.user", STR, NULL, IDLE_QUIET),
    ROW("rag.data_analysis.password", SECRET, NULL, .host = "rag.data_analysis.host", IDLE_QUIET),
    ROW("rag.data_analysis.host", STR, NULL, IDLE_QUIET),
    ROW("rag.data_analysis.port", INT, NULL, RANGE(0, 65535), IDLE_QUIET),

    ROW("rag.intent.descriptions", MAP,
        "{rag = \"the question needs specific information from the knowledge base\", tool = \"the question "
        "asks for "
        "travel information: time, weather, flights, trains, hotels\"}",
        IDLE),

    ROW("rag.node_enhancement.tree_depth", INT, "3", RANGE(1, 100), IDLE),
    ROW("rag.node_enhancement.max_clusters", INT, "52", RANGE(1, 100000), IDLE),
    ROW("rag.node_enhancement.proba_threshold", NUM, "0.1", RANGE(0, 1), IDLE),

    ROW("rag.oss_store.bucket", STR, "", IDLE),
    ROW("rag.oss_store.endpoint", STR, "oss-cn-hangzhou.aliyuncs.com", IDLE),
    ROW("rag.oss_store.ak", SECRET, NULL, .env = "OSS_ACCESS_KEY_ID", .host = "rag.oss_store.endpoint", IDLE),
    ROW("rag.oss_store.sk", SECRET, NULL, .env = "OSS_ACCESS_KEY_SECRET", .host = "rag.oss_store.endpoint",
        IDLE),

    ROW("rag.search.search_api_key", SECRET, NULL, .env = "BING_SEARCH_KEY", IDLE),
    ROW("rag.search.search_count", INT, "10", RANGE(0, 1000), IDLE),
    ROW("rag.search.search_lang", STR, "zh-CN", IDLE),

    ROW("rag.trace.type", ENUM, NULL, .choices = "no_trace|arize_phoenix|pai_trace|pai-llm-trace=pai_trace",
        IDLE_QUIET),
    ROW("rag.trace.endpoint", URL, NULL, IDLE_QUIET),
    ROW("rag.trace.token", SECRET, NULL, .host = "rag.trace.endpoint", IDLE_QUIET),
    ROW("rag.trace.app_name", STR, NULL, IDLE_QUIET),
};

const size_t rag_n_options = sizeof rag_options / sizeof rag_options[0];
