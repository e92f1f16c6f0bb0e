/* windows.c: context windows of known chat models, for when the configuration does not state one. */
#include <ctype.h>

#include "llm/llm.h"

enum { DEFAULT_WINDOW = 8192 };

struct known {
    const char *prefix; /* of the lower-case model name, after an "organisation/" */
    int tokens;
};

/* The first prefix that fits counts: longer ones stand before shorter ones. Where a maker serves one name
 * with several windows, the smallest is listed: a prompt that is too long fails, one that is shorter does
 * not. */
static const struct known models[] = {
    {"qwen-max-longcontext", 30720},
    {"qwen-max-1201", 8192},
    {"qwen-max", 32768},
    {"qwen-plus", 131072},
    {"qwen-turbo", 131072},
    {"qwen-flash", 131072},
    {"qwen-long", 1000000},
    {"qwen1.5-1.8b", 30720},
    {"qwen1.5-7b", 8192},
    {"qwen1.5-14b", 16384},
    {"qwen1.5-32b", 16384},
    {"qwen1.5-110b", 32768},
    {"qwen2-1.5b", 30720},
    {"qwen2-", 32768},
    {"qwen2.5-", 32768},
    {"qwen3-max", 262144},
    {"qwen3", 32768},
    {"qwq-", 32768},
    {"gpt-5", 272000},
    {"gpt-4.1", 1000000},
    {"gpt-4o", 128000},
    {"gpt-4-turbo", 128000},
    {"gpt-4-32k", 32768},
    {"gpt-4", 8192},
    {"gpt-3.5-turbo", 16385},
    {"o1", 128000},
    {"o3", 200000},
    {"o4-mini", 200000},
    {"deepseek-", 65536},
    {"glm-4", 128000},
    {"kimi-k2", 131072},
    {"moonshot-v1-128k", 131072},
    {"moonshot-v1-32k", 32768},
    {"moonshot-v1", 8192},
    {"llama-3.1", 131072},
    {"llama-3.2", 131072},
    {"llama-3.3", 131072},
    {"llama3.1", 131072},
    {"llama3.2", 131072},
    {"llama3.3", 131072},
    {"mistral-", 32768},
};

static bool has_prefix(const char *name, const char *prefix)
{
    while (*prefix && tolower((unsigned char)*name) == *prefix)
        name++, prefix++;
    return *prefix == '\0';
}

int rag_llm_window(const struct rag_llm_opts *opts)
{
    if (opts->context_window > 0)
        return opts->context_window;
    if (!opts->model)
        return DEFAULT_WINDOW;
    const char *slash = strrchr(opts->model, '/');
    const char *name = slash ? slash + 1 : opts->model;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++)
        if (has_prefix(name, models[i].prefix))
            return models[i].tokens;
    return DEFAULT_WINDOW;
}
