/* test_sessions.c: conversations: order, the last messages only, the oldest sessions go. */
#include "helper.h"

#include <sqlite3.h>

static struct rag_messages load(struct fixture *f, const char *id, int max)
{
    struct rag_messages m;
    assert_ok(f, rag_store_session_load(f->s, &f->a, id, max, &m, &f->err));
    return m;
}

static void say(struct fixture *f, const char *id, const char *question, const char *answer)
{
    struct rag_message v[2] = {{RAG_ROLE_USER, rag_str_of(question)},
                               {RAG_ROLE_ASSISTANT, rag_str_of(answer)}};
    assert_ok(f, rag_store_session_append(f->s, id, v, 2, &f->err));
}

static void messages_come_back_in_order(void **state)
{
    struct fixture *f = *state;
    say(f, "one", "你好", "Hello");
    say(f, "two", "other", "talk");
    say(f, "one", "third", "fourth");
    reopen(f);
    struct rag_messages m = load(f, "one", 50);
    assert_int_equal(m.n, 4);
    assert_string_equal(m.v[0].text.p, "你好");
    assert_int_equal(m.v[0].role, RAG_ROLE_USER);
    assert_int_equal(m.v[1].role, RAG_ROLE_ASSISTANT);
    assert_string_equal(m.v[3].text.p, "fourth");
    m = load(f, "one", 3);
    assert_int_equal(m.n, 3);
    assert_string_equal(m.v[0].text.p, "Hello");
    assert_int_equal(load(f, "none", 10).n, 0);
    assert_int_equal(load(f, "one", 0).n, 0);
}

/* The table is filled directly: ten thousand appends would each wait for the disk. */
static void the_least_recently_used_go(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;
    say(f, "oldest", "q", "a");
    say(f, "used again", "q", "a");
    rag_store_close(f->s);
    assert_int_equal(sqlite3_open(rag_arena_printf(&f->a, "%s/pai_rag.db", f->dir), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     rag_arena_printf(&f->a,
                                      "WITH RECURSIVE c(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM"
                                      " c WHERE i < %d) INSERT INTO session SELECT 's' || i, i FROM c",
                                      RAG_LIMIT_SESSIONS),
                     NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    open_store(f);
    say(f, "used again", "q2", "a2");
    assert_int_equal(load(f, "oldest", 10).n, 2);
    say(f, "new", "q", "a");
    assert_int_equal(load(f, "oldest", 10).n, 0);
    assert_int_equal(load(f, "used again", 10).n, 4);
    assert_int_equal(load(f, "new", 10).n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_come_back_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(the_least_recently_used_go, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
