/* test_chat.c: chat completions against a model server that the test plays, well-behaved and not. */
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/limits.h"
#include "llm/llm.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "text/json.h"
#include "text/utf8.h"

static struct rag_http_server *server;
static struct rag_http_client *http;
static char base_url[64];

/* What the server is to answer, and what it was asked. */
static struct {
    int status;
    const char *type;
    struct rag_str body;
    size_t cut; /* bytes per write of the stream; 0 = all at once */
    bool hang;  /* after the body: silent until the client leaves */
    char path[100], authorization[100];
    struct rag_buf asked;
    double left_at; /* when a hanging request noticed that the client left */
} script;
static atomic_int running; /* handlers that read the script */

static void handle(void *ud, struct rag_http_request *r)
{
    (void)ud;
    running++;
    const char *authorization = rag_http_header(r, "Authorization");
    snprintf(script.path, sizeof script.path, "%s", rag_http_path(r));
    snprintf(script.authorization, sizeof script.authorization, "%s", authorization ? authorization : "none");
    rag_buf_reset(&script.asked);
    rag_buf_addstr(&script.asked, rag_http_body(r));
    rag_http_stream_begin(r, script.status, script.type);
    size_t step = script.cut ? script.cut : script.body.n;
    for (size_t at = 0; at < script.body.n; at += step) {
        size_t n = script.body.n - at < step ? script.body.n - at : step;
        rag_http_stream_write(r, (struct rag_str){script.body.p + at, n});
        if (script.cut)
            usleep(50);
    }
    for (int i = 0; script.hang && i < 500 && !rag_http_client_gone(r); i++)
        usleep(10000);
    script.left_at = rag_clock_mono_s();
    running--;
}

/* A canceled call returns before the server has noticed. */
static void wait_for_handlers(void)
{
    while (running > 0)
        usleep(1000);
}

static int setup(void **state)
{
    (void)state;
    struct rag_err err = {0};
    const struct rag_http_server_opts opts = {.host = "127.0.0.1", .listen_fd = -1, .handle = handle};
    assert_int_equal(rag_http_server_open(&opts, &server, &err), 0);
    assert_int_equal(rag_http_client_open(&http, &err), 0);
    snprintf(base_url, sizeof base_url, "http://127.0.0.1:%d/v1", rag_http_server_port(server));
    rag_buf_init(&script.asked, 16 * RAG_MIB);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rag_http_client_close(http);
    rag_http_server_close(server, 1000);
    rag_buf_free(&script.asked);
    return 0;
}

static void play(int status, const char *type, struct rag_str body)
{
    wait_for_handlers();
    script.status = status;
    script.type = type;
    script.body = body;
    script.cut = 0;
    script.hang = false;
}

/* ---- asking ---- */

struct listener {
    struct rag_buf text;
    int pieces, stop_after; /* 0 = never */
};

static int listen_to(void *ud, struct rag_str piece)
{
    struct listener *l = ud;
    rag_buf_addstr(&l->text, piece);
    l->pieces++;
    return l->stop_after && l->pieces >= l->stop_after ? RAG_ECANCELED : 0;
}

static struct rag_arena arena;
static struct rag_llm_reply reply;
static struct rag_err err;
static struct listener listener;

static const struct rag_llm_opts standard = {.source = RAG_LLM_OPENAI,
                                             .base_url = base_url,
                                             .api_key = "sk-secret-key-1234",
                                             .model = "test-model",
                                             .temperature = 0.25,
                                             .max_tokens = 77};

static int ask_with(const struct rag_llm_opts *opts, const struct rag_messages *messages)
{
    rag_arena_free(&arena);
    rag_buf_free(&listener.text);
    rag_buf_init(&listener.text, 64 * RAG_MIB);
    listener.pieces = 0;
    err = (struct rag_err){0};
    int rc = rag_llm_chat(http, opts, &arena, messages, listen_to, &listener, &reply, &err);
    listener.stop_after = 0;
    assert_int_equal(rc, err.code);
    return rc;
}

static int ask(void)
{
    struct rag_message m = {RAG_ROLE_USER, RAG_STR("Where is the \"key\"?\n中文")};
    wait_for_handlers();
    return ask_with(&standard, &(struct rag_messages){&m, 1});
}

static void expect_answer(const char *text)
{
    if (ask() != 0)
        fail_msg("%s", err.msg);
    assert_string_equal(reply.text.p, text);
    assert_string_equal(rag_buf_str(&listener.text).p, text);
}

static void expect_error(int code, const char *part)
{
    assert_int_equal(ask(), code);
    if (!strstr(err.msg, part))
        fail_msg("expected \"%s\" in \"%s\"", part, err.msg);
    assert_null(strstr(err.msg, "secret"));
    assert_true(rag_utf8_valid(rag_str_of(err.msg)));
}

#define DELTA(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define STOP        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE        "data: [DONE]\n\n"
#define SSE         "text/event-stream"

/* ---- well-behaved servers ---- */

static void test_stream(void **state)
{
    (void)state;
    play(200, SSE,
         RAG_STR("data: "
                 "{\"model\":\"real-name\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}"
                 "]}\n\n" DELTA("Hel") DELTA("lo 中") STOP
                 "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}\n\n" DONE));
    expect_answer("Hello 中");
    assert_int_equal(listener.pieces, 2);
    assert_string_equal(reply.model, "real-name");
    assert_string_equal(reply.finish_reason, "stop");
    assert_int_equal(reply.usage.prompt_tokens, 12);
    assert_int_equal(reply.usage.completion_tokens, 3);
    assert_string_equal(script.path, "/v1/chat/completions");
    assert_string_equal(script.authorization, "Bearer sk-secret-key-1234");
    for (size_t cut = 1; cut < 8; cut++) {
        wait_for_handlers();
        script.cut = cut;
        expect_answer("Hello 中");
    }
}

static void test_request_body(void **state)
{
    (void)state;
    play(200, SSE, RAG_STR(DELTA("x") STOP DONE));
    assert_int_equal(ask(), 0);
    json_t *v = rag_json_parse(rag_buf_str(&script.asked), &err);
    assert_non_null(v);
    assert_string_equal(json_string_value(json_object_get(v, "model")), "test-model");
    assert_true(json_is_true(json_object_get(v, "stream")));
    assert_true(json_is_true(json_object_get(json_object_get(v, "stream_options"), "include_usage")));
    assert_int_equal(json_integer_value(json_object_get(v, "max_tokens")), 77);
    assert_true(json_number_value(json_object_get(v, "temperature")) == 0.25);
    json_t *messages = json_object_get(v, "messages");
    assert_int_equal(json_array_size(messages), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(messages, 0), "role")), "user");
    assert_string_equal(json_string_value(json_object_get(json_array_get(messages, 0), "content")),
                        "Where is the \"key\"?\n中文");
    json_decref(v);
}

static void test_system_prompt(void **state)
{
    (void)state;
    play(200, SSE, RAG_STR(DELTA("x") STOP DONE));
    struct rag_llm_opts opts = standard;
    opts.system_prompt = "Be brief.";
    opts.api_key = "";
    struct rag_message m[] = {{RAG_ROLE_USER, RAG_STR("a")},
                              {RAG_ROLE_ASSISTANT, RAG_STR("b")},
                              {RAG_ROLE_SYSTEM, RAG_STR("mine")}};
    assert_int_equal(ask_with(&opts, &(struct rag_messages){m, 2}), 0);
    assert_non_null(strstr(script.asked.p,
                           "\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":"
                           "\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]"));
    assert_string_equal(script.authorization, "none");
    assert_int_equal(ask_with(&opts, &(struct rag_messages){m, 3}), 0);
    assert_null(strstr(script.asked.p, "Be brief."));
}

static void test_plain_json_reply(void **state)
{
    (void)state;
    play(200, "application/json",
         RAG_STR(" {\"model\":\"m\",\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"plain\"},"
                 "\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":-5}}"));
    expect_answer("plain");
    assert_string_equal(reply.finish_reason, "length");
    assert_int_equal(reply.usage.completion_tokens, 0);
}

static void test_reasoning_and_unknown_events_are_ignored(void **state)
{
    (void)state;
    play(200, SSE,
         RAG_STR(": ping\n\nevent: strange\ndata: {\"x\":1}\n\ndata: not json\n\ndata: 7\n\ndata: [1]\n\n"
                 "data: {\"choices\":[{\"delta\":{\"content\":null,\"reasoning_content\":\"hm\"}}]}\n\n"
                 "data: {\"choices\":[{\"delta\":{\"content\":[1]}}]}\n\ndata: {\"choices\":{}}\n\n"
                 "data: {\"error\":null,\"choices\":[{\"delta\":{\"content\":\"yes\"}}]}\n\n" STOP DONE DELTA(
                     "late")));
    expect_answer("yes");
}

static void test_no_done_but_finish_reason(void **state)
{
    (void)state;
    play(200, SSE, RAG_STR(DELTA("whole") STOP));
    expect_answer("whole");
}

static void test_invalid_utf8(void **state)
{
    (void)state;
    play(
        200, SSE,
        RAG_STR(DELTA("a\xE4\xB8") DELTA("\xAD") DELTA("\xF0\x9F") DELTA("\x98") DELTA("\x80 ok") STOP DONE));
    expect_answer("a中😀 ok");
    play(200, SSE, RAG_STR(DELTA("a\xE4\xB8") DELTA("b\xFF") DELTA("c\xE4") STOP DONE));
    expect_answer("a\xEF\xBF\xBD\xEF\xBF\xBD"
                  "b\xEF\xBF\xBD"
                  "c\xEF\xBF\xBD");
    play(200, "application/json", RAG_STR("{\"choices\":[{\"message\":{\"content\":\"x\xFFy\"}}]}"));
    expect_answer("x\xEF\xBF\xBDy");
}

/* ---- others ---- */

static void test_error_replies(void **state)
{
    (void)state;
    play(401, "application/json",
         RAG_STR("{\"error\":{\"message\":\"Incorrect key sk-secret-key-1234\\nprovided\",\"code\":1}}"));
    expect_error(RAG_EUPSTREAM, "answered 401 (check the API key): Incorrect key **** provided");
    play(404, "application/json", RAG_STR("{\"error\":\"no such model\"}"));
    expect_error(RAG_EUPSTREAM, "404 (check the base URL and the model name): no such model");
    play(400, "application/json", RAG_STR("{\"object\":\"error\",\"message\":\"context too long\"}"));
    expect_error(RAG_EUPSTREAM, "400: context too long");
    play(422, "application/json", RAG_STR("{\"detail\":\"field\"}"));
    expect_error(RAG_EUPSTREAM, "422: field");
    play(502, "text/html", RAG_STR("<html>\r\nBad \xFF gateway sk-secret-key-1234"));
    expect_error(RAG_EUPSTREAM, "502: <html>  Bad \xEF\xBF\xBD gateway ****");
    play(500, "text/plain", RAG_STR(""));
    expect_error(RAG_EUPSTREAM, "500: no message");
    play(200, SSE,
         RAG_STR(DELTA("a") "data: {\"error\":{\"message\":\"overloaded sk-secret-key-1234\"}}\n\n"));
    expect_error(RAG_EUPSTREAM, "reports: overloaded ****");
    play(200, "application/json", RAG_STR("{\"error\":{\"message\":\"odd\"}}"));
    expect_error(RAG_EUPSTREAM, "reports: odd");
}

/* A key that straddles the end of the quotation must not show in part either. */
static void test_long_error_is_cut_after_redaction(void **state)
{
    (void)state;
    static char body[5000];
    memset(body, 'e', sizeof body);
    memcpy(body + 290, "sk-secret-key-1234", 18);
    play(500, "text/plain", (struct rag_str){body, sizeof body});
    expect_error(RAG_EUPSTREAM, "eee****eee");
    assert_null(strstr(err.msg, "sk-"));
    assert_true(strlen(err.msg) < 400);
}

static void test_cut_off(void **state)
{
    (void)state;
    play(200, SSE, RAG_STR(DELTA("中文") DELTA("c")));
    expect_error(RAG_EUPSTREAM, "closed the connection after 3 characters");
    play(200, "text/html", RAG_STR("<html>Welcome</html>"));
    expect_error(RAG_EUPSTREAM, "no chat completion");
    play(200, "application/json", RAG_STR("{\"choices\":[{\"message\":{\"con"));
    expect_error(RAG_EUPSTREAM, "no chat completion");
    play(200, SSE, RAG_STR(""));
    expect_error(RAG_EUPSTREAM, "no chat completion");
}

static void test_hostile_sizes(void **state)
{
    (void)state;
    size_t n = 6 * RAG_MIB;
    char *body = malloc(n);
    memset(body, 'x', n);
    memcpy(body, "data: ", 6);
    play(200, SSE, (struct rag_str){body, n}); /* a line without end */
    expect_error(RAG_ETOOBIG, "event larger than 1 MiB");
    static const char start[] = "data: {\"choices\":[{\"delta\":{\"content\":\"";
    size_t step = 500000; /* each event fits, their sum does not */
    for (size_t at = 0; at + step <= n; at += step) {
        memcpy(body + at, start, sizeof start - 1);
        memcpy(body + at + step - 8, "\"}}]}\n\n\n", 8);
    }
    play(200, SSE, (struct rag_str){body, n - n % step});
    expect_error(RAG_ETOOBIG, "answer is larger than 4 MiB");
    assert_true(listener.text.n <= 4 * RAG_MIB);
    wait_for_handlers();
    free(body);
}

static void test_emit_cancels(void **state)
{
    (void)state;
    play(200, SSE, RAG_STR(DELTA("one") DELTA("two")));
    script.hang = true;
    listener.stop_after = 1;
    double begin = rag_clock_mono_s();
    assert_int_equal(ask(), RAG_ECANCELED);
    assert_true(rag_clock_mono_s() - begin < 2);
    /* The model is silent: the empty pieces of every second give the chance. */
    play(200, SSE, RAG_STR(""));
    script.hang = true;
    listener.stop_after = 1;
    begin = rag_clock_mono_s();
    assert_int_equal(ask(), RAG_ECANCELED);
    double canceled = rag_clock_mono_s();
    assert_true(canceled - begin < 2);
    assert_int_equal(listener.text.n, 0);
    wait_for_handlers();
    assert_true(script.left_at - canceled < 1); /* and the model server sees it */
}

static void test_timeout_and_unreachable(void **state)
{
    (void)state;
    struct rag_message m = {RAG_ROLE_USER, RAG_STR("a")};
    struct rag_messages messages = {&m, 1};
    play(200, SSE, RAG_STR(DELTA("x")));
    script.hang = true;
    struct rag_llm_opts opts = standard;
    opts.timeout_s = 1;
    assert_int_equal(ask_with(&opts, &messages), RAG_ETIMEOUT);
    wait_for_handlers();
    assert_non_null(strstr(err.msg, "sent nothing for 1 seconds"));
    opts.base_url = "http://127.0.0.1:1/v1";
    assert_int_equal(ask_with(&opts, &messages), RAG_ENET);
    assert_non_null(strstr(err.msg, "127.0.0.1:1"));
    opts.base_url = NULL;
    assert_int_equal(ask_with(&opts, &messages), RAG_EINVAL);
    opts = standard;
    opts.api_key = "bad\r\nX-Injected: 1";
    assert_int_equal(ask_with(&opts, &messages), RAG_EINVAL);
    assert_null(strstr(err.msg, "Injected"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_request_body),
        cmocka_unit_test(test_system_prompt),
        cmocka_unit_test(test_plain_json_reply),
        cmocka_unit_test(test_reasoning_and_unknown_events_are_ignored),
        cmocka_unit_test(test_no_done_but_finish_reason),
        cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_error_replies),
        cmocka_unit_test(test_long_error_is_cut_after_redaction),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_hostile_sizes),
        cmocka_unit_test(test_emit_cancels),
        cmocka_unit_test(test_timeout_and_unreachable),
    };
    int failed = cmocka_run_group_tests(tests, setup, teardown);
    rag_arena_free(&arena);
    rag_buf_free(&listener.text);
    return failed;
}
