/* upload.c: files in, and how far they are: upload_data, get_upload_state. */
#include "api/handlers.h"

#include "api/value.h"
#include "api/wire.h"
#include "base/id.h"

static const char WHAT[] = "Upload data";

static void reply_pair(struct rag_call *c, const char *key, const char *value)
{
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, key, value);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}

/* What PAI-RAG can do here and this version cannot. NULL: nothing of it is asked for. */
static const char *absent_wish(struct rag_call *c)
{
    if (rag_value_cstr(c->body, "oss_path"))
        return "oss_path is not available in this version: send the files themselves in the form field "
               "`files`.";
    if (rag_value_bool(c->body, "enable_raptor", false))
        return "enable_raptor is not available in this version: leave it out.";
    if (rag_value_bool(c->body, "enable_multimodal", false))
        return "enable_multimodal is not available in this version: leave it out.";
    return NULL;
}

/* The files of the form field `files`; browsers send one without a name when nothing was chosen. */
static struct rag_upload_file *collect_files(struct rag_call *c, size_t *n)
{
    size_t parts_n;
    const struct rag_http_part *parts = rag_http_parts(c->http, &parts_n);
    struct rag_upload_file *files = rag_arena_array(c->arena, parts_n, sizeof *files);
    *n = 0;
    for (size_t i = 0; files && i < parts_n; i++)
        if (parts[i].file_name && *parts[i].file_name && rag_str_eqz(parts[i].name, "files"))
            files[(*n)++] = (struct rag_upload_file){parts[i].file_name, parts[i].path};
    return files;
}

void rag_handle_upload(struct rag_call *c)
{
    size_t n;
    char task_id[33];
    struct rag_err err = {0};
    const char *wish = absent_wish(c);
    if (wish) {
        rag_call_error(c, 501, wish);
        return;
    }
    /* The form's field is PAI-RAG's way; in the URL it must not be ignored either. */
    const char *index = rag_call_index_name(c);
    if (!index)
        index = rag_http_query(c->http, "index_name");
    struct rag_upload_file *files = collect_files(c, &n);
    if (!files)
        rag_call_error(c, 503, "out of memory");
    else if (n == 0)
        reply_pair(c, "message", "No upload file sent");
    else if (rag_ingest_submit(c->engine, index, files, n, task_id, &err) != 0)
        rag_call_fail(c, &err, WHAT);
    else
        reply_pair(c, "task_id", task_id);
}

static void reply_unknown(struct rag_call *c, const char *id)
{
    struct rag_json j = rag_call_json(c);
    rag_json_obj(&j, NULL);
    rag_json_cstr(&j, "task_id", id);
    rag_json_cstr(&j, "status", "unknown");
    rag_json_null(&j, "detail");
    rag_json_arr(&j, "files");
    rag_json_end_arr(&j);
    rag_json_end_obj(&j);
    rag_call_reply(c, 200);
}

void rag_handle_upload_state(struct rag_call *c)
{
    struct rag_task task = {0};
    struct rag_err err = {0};
    const char *id = json_string_value(json_object_get(c->query, "task_id"));
    int rc = rag_id_valid(id) ? rag_task_get(c->engine, c->arena, id, &task, &err) : RAG_ENOTFOUND;
    if (rc == RAG_ENOTFOUND) {
        reply_unknown(c, id);
        return;
    }
    if (rc != 0) {
        rag_call_fail(c, &err, WHAT);
        return;
    }
    struct rag_json j = rag_call_json(c);
    rag_wire_task(&j, &task);
    rag_call_reply(c, 200);
}
