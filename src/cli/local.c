/* local.c: opens the engine for one command. */
#include "cli/local.h"

int rag_local_open(struct rag_config *config, struct rag_engine **out, struct rag_err *err)
{
    struct rag_arena arena = {0};
    struct rag_engine_opts opts;
    *out = NULL;
    int rc = rag_config_engine_opts(config, &arena, &opts, err);
    if (rc == 0)
        rc = rag_engine_open(&opts, out, err);
    if (rc == RAG_EBUSY)
        rag_err_set(err, rc,
                    "another pai_rag uses %s and does not answer on port %lld. Name its port with -p, or "
                    "stop it first.",
                    opts.data_dir, rag_config_int(config, "server.port"));
    if (rc == 0)
        rc = rag_engine_wait_ready(*out, 120000, err);
    if (rc) {
        rag_engine_close(*out);
        *out = NULL;
    }
    rag_arena_free(&arena);
    return rc;
}
