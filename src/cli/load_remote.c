/* load_remote.c: the loader that uploads to a running server. */
#include <stdio.h>

#include "cli/load.h"
#include "cli/remote.h"

static int submit(void *ud, const struct rag_load_file *file, char task_id[33], struct rag_err *err)
{
    struct rag_load_remote *to = ud;
    return rag_remote_upload(to->remote, file->path, file->name, to->index, task_id, err);
}

static void copy_text(char *to, size_t cap, const json_t *from)
{
    const char *s = json_string_value(from);
    snprintf(to, cap, "%s", s ? s : "");
}

static int poll_task(void *ud, const char *task_id, struct rag_load_state *out, struct rag_err *err)
{
    struct rag_load_remote *to = ud;
    char path[128];
    snprintf(path, sizeof path, "/api/v1/get_upload_state?task_id=%s", task_id);
    json_t *task = rag_remote_json(to->remote, path, NULL, err);
    if (!task)
        return RAG_EUPSTREAM;
    const json_t *file = json_array_get(json_object_get(task, "files"), 0);
    const char *state = json_string_value(json_object_get(task, "status"));
    *out = (struct rag_load_state){
        .finished = !state || strcmp(state, "processing") != 0,
        .failed = !state || strcmp(state, "completed") != 0,
        .duplicate = json_is_true(json_object_get(file, "duplicate")),
        .progress = json_number_value(json_object_get(file, "progress")),
        .pages = (int)json_integer_value(json_object_get(file, "pages")),
        .chunks = (int)json_integer_value(json_object_get(file, "chunks")),
    };
    out->failed = out->failed && out->finished;
    copy_text(out->stage, sizeof out->stage, json_object_get(file, "stage"));
    copy_text(out->note, sizeof out->note, json_object_get(file, out->failed ? "error" : "warning"));
    json_decref(task);
    return 0;
}

static bool wait_more(void *ud, int ms)
{
    struct rag_load_remote *to = ud;
    return to->wait(to->wait_ud, ms);
}

struct rag_loader rag_load_to_remote(struct rag_load_remote *to)
{
    return (struct rag_loader){.ud = to, .submit = submit, .poll = poll_task, .wait = wait_more};
}
