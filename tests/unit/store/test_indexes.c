/* test_indexes.c: knowledge bases: default, limits, configs, deletion with everything in them. */
#include "helper.h"

static int create(struct fixture *f, const char *name, int max)
{
    struct rag_index index = {.name = name, .vector_store_config = "{\"type\":\"faiss\"}"};
    return rag_store_index_create(f->s, &index, max, &f->err);
}

static size_t count(struct fixture *f)
{
    struct rag_index *v;
    size_t n;
    assert_ok(f, rag_store_index_list(f->s, &f->a, &v, &n, &f->err));
    return n;
}

static void default_index_is_there_and_comes_back(void **state)
{
    struct fixture *f = *state;
    int64_t old = f->index;
    assert_int_equal(count(f), 1);
    assert_ok(f, rag_store_index_delete(f->s, "default_index", &f->err));
    assert_int_equal(count(f), 0);
    reopen(f);
    assert_int_equal(count(f), 1);
    assert_true(f->index > old); /* ids are not reused */
}

static void created_ones_read_back(void **state)
{
    struct fixture *f = *state;
    struct rag_index got;
    assert_ok(f, create(f, "kb-1", 20));
    assert_ok(f, rag_store_index_get(f->s, &f->a, "kb-1", &got, &f->err));
    assert_string_equal(got.name, "kb-1");
    assert_string_equal(got.vector_store_config, "{\"type\":\"faiss\"}");
    assert_string_equal(got.embedding_config, "");
    assert_string_equal(got.fingerprint, "");
    assert_int_equal(got.documents + got.chunks + got.dims, 0);
    struct rag_index change = {.name = "kb-1", .embedding_config = "{\"source\":\"openai\"}"};
    assert_ok(f, rag_store_index_update(f->s, &change, &f->err));
    assert_ok(f, rag_store_index_get(f->s, &f->a, "kb-1", &got, &f->err));
    assert_string_equal(got.vector_store_config, "");
    assert_string_equal(got.embedding_config, "{\"source\":\"openai\"}");
}

static void refusals_say_why(void **state)
{
    struct fixture *f = *state;
    struct rag_index index = {.name = "nobody"};
    int64_t id;
    assert_int_equal(create(f, "default_index", 20), RAG_EEXIST);
    assert_string_equal(f->err.msg, "Index name 'default_index' already exists.");
    assert_ok(f, create(f, "second", 2));
    assert_int_equal(create(f, "third", 2), RAG_EINVAL);
    assert_string_equal(f->err.msg, "Index count should be less than 2.");
    assert_int_equal(rag_store_index_get(f->s, &f->a, "nobody", &index, &f->err), RAG_ENOTFOUND);
    assert_string_equal(f->err.msg, "Index name 'nobody' not exists.");
    assert_int_equal(rag_store_index_update(f->s, &index, &f->err), RAG_ENOTFOUND);
    assert_int_equal(rag_store_index_delete(f->s, "nobody", &f->err), RAG_ENOTFOUND);
    assert_int_equal(rag_store_index_id(f->s, "nobody", &id, &f->err), RAG_ENOTFOUND);
    assert_int_equal(count(f), 2);
}

static void deletion_takes_all_of_it_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    struct rag_task task;
    struct rag_err err;
    int64_t other, documents, chunks;
    size_t n;
    float q[DIMS];
    assert_ok(f, create(f, "other", 20));
    assert_ok(f, rag_store_index_id(f->s, "other", &other, &f->err));
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("red apple"))));
    assert_ok(f, put(f, put_of(&f->a, other, "a.txt", 2, TEXTS("green apple", "pear"))));
    struct rag_store_job_file file = {.name = "b.txt", .stored_path = "p", .sha256 = "x"};
    assert_ok(f, rag_store_job_create(f->s, "0123456789abcdef0123456789abcdef", other, &file, 1, &f->err));
    assert_ok(f, rag_store_index_delete(f->s, "other", &f->err));

    assert_ok(f, rag_store_counts(f->s, &documents, &chunks, &f->err));
    assert_int_equal(documents, 1);
    assert_int_equal(chunks, 1);
    vector_of(2, q);
    assert_ok(f, rag_store_search_dense(f->s, other, q, DIMS, 5, m, &n, &f->err));
    assert_int_equal(n, 0);
    assert_int_not_equal(rag_store_search_lexical(f->s, other, RAG_STR("pear"), 5, m, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(search_words(f, "apple", m, 5), 1);
    assert_ok(f, rag_store_task_get(f->s, &f->a, "0123456789abcdef0123456789abcdef", &task, NULL, &f->err));
    assert_int_equal(task.state, RAG_TASK_FAILED);
    assert_string_equal(task.detail, "b.txt: index was deleted");
    assert_int_equal(put(f, put_of(&f->a, other, "c.txt", 1, TEXTS("late"))), RAG_ENOTFOUND);
    assert_ok(f, rag_store_check(f->s, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(default_index_is_there_and_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(created_ones_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals_say_why, setup, teardown),
        cmocka_unit_test_setup_teardown(deletion_takes_all_of_it_and_nothing_else, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
