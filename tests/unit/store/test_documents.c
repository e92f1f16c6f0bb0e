/* test_documents.c: documents appear, are replaced and disappear as wholes; lists, bytes, stored files. */
#include "helper.h"

static void a_document_reads_back_with_its_passages(void **state)
{
    struct fixture *f = *state;
    struct rag_store_put p = put_of(&f->a, f->index, "报告.pdf", 1, TEXTS("第一段", "第二段"));
    p.doc_id = "00112233445566778899aabbccddeeff";
    p.sha256 = "abcd";
    p.size = 1234;
    p.pages = 3;
    p.chunks->v[1].place = (struct rag_place){2, 1, 2, 3, 4, 50, 60, 7};
    assert_ok(f, put(f, p));

    struct rag_document d;
    assert_ok(f, rag_store_document_get(f->s, &f->a, p.doc_id, &d, &f->err));
    assert_string_equal(d.name, "报告.pdf");
    assert_string_equal(d.index, "default_index");
    assert_string_equal(d.sha256, "abcd");
    assert_int_equal(d.size, 1234);
    assert_int_equal(d.pages, 3);
    assert_int_equal(d.chunks, 2);
    assert_int_equal(d.tokens, 14);
    assert_true(d.created_ms > 1500000000000);

    int64_t *ids;
    struct rag_str *texts;
    size_t n;
    assert_ok(f, rag_store_index_chunks(f->s, &f->a, f->index, &ids, &texts, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(texts[0].p, "第一段");
    struct rag_hit v[3] = {{.chunk_id = ids[1]}, {.chunk_id = 99999}, {.chunk_id = ids[0]}};
    struct rag_hits hits = {v, 3};
    assert_ok(f, rag_store_load_hits(f->s, &f->a, &hits, &f->err));
    assert_int_equal(hits.n, 2); /* the unknown one is dropped, the order kept */
    assert_string_equal(v[0].text.p, "第二段");
    assert_string_equal(v[0].doc_id, p.doc_id);
    assert_string_equal(v[0].file_name, "报告.pdf");
    assert_string_equal(v[0].file_type, "text/plain");
    assert_string_equal(v[0].created, "2026-01-02");
    assert_string_equal(v[0].modified, "2026-03-04");
    assert_int_equal(v[0].ordinal, 1);
    assert_int_equal(v[0].place.page, 2);
    assert_int_equal(v[0].place.begin, 50);
    assert_int_equal(v[0].place.row, 7);
    assert_true(v[0].place.y1 == 4);
    assert_string_equal(v[1].text.p, "第一段");
}

static void same_name_replaces_and_keeps_the_id(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    const char **replaced;
    size_t n, n_replaced;
    float q[DIMS];
    struct rag_store_put p = put_of(&f->a, f->index, "a.txt", 1, TEXTS("old words", "older words"));
    p.stored_path = "files/1";
    assert_ok(f, put(f, p));
    const char *id = doc_id(f, "a.txt");
    vector_of(1, q);
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, 5, m, &n, &f->err)); /* warms the cache */
    p = put_of(&f->a, f->index, "a.txt", 30, TEXTS("new content"));
    p.stored_path = "files/2";
    p.doc_id = "ffffffffffffffffffffffffffffffff";
    assert_ok(f, rag_store_put_documents(f->s, &f->a, &p, 1, &replaced, &n_replaced, &f->err));
    assert_int_equal(n_replaced, 1);
    assert_string_equal(replaced[0], "files/1");
    assert_string_equal(doc_id(f, "a.txt"), id);
    assert_int_equal(search_words(f, "words", m, 5), 0);
    assert_int_equal(search_words(f, "content", m, 5), 1);
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, 5, m, &n, &f->err));
    assert_int_equal(n, 1);
    assert_string_equal(text_of(f, m[0].chunk_id), "new content");
    assert_ok(f, rag_store_check(f->s, &f->err));
}

static void a_call_is_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    const char **replaced;
    size_t n;
    int64_t documents, chunks;
    struct rag_store_put p[2] = {put_of(&f->a, f->index, "a.txt", 1, TEXTS("first")),
                                 put_of(&f->a, f->index, "b.txt", 2, TEXTS("second"))};
    p[1].fingerprint = "bbbb";
    assert_int_equal(rag_store_put_documents(f->s, &f->a, p, 2, &replaced, &n, &f->err), RAG_EMISMATCH);
    assert_int_equal(n, 0);
    assert_ok(f, rag_store_counts(f->s, &documents, &chunks, &f->err));
    assert_int_equal(documents + chunks, 0);
    assert_int_equal(search_words(f, "first", m, 5), 0);
    assert_ok(f, rag_store_check(f->s, &f->err));
}

static void another_model_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    struct rag_store_put p = put_of(&f->a, f->index, "b.txt", 2, TEXTS("second"));
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("first"))));
    p.fingerprint = "bbbb";
    p.embed_model = "model-b";
    assert_int_equal(put(f, p), RAG_EMISMATCH);
    assert_non_null(strstr(f->err.msg, "model-a"));
    assert_non_null(strstr(f->err.msg, "model-b"));
    assert_non_null(strstr(f->err.msg, "aaaa"));
    assert_non_null(strstr(f->err.msg, "bbbb"));
    /* An emptied index is free to take another model. */
    const char *path;
    struct rag_index index;
    assert_ok(f, rag_store_document_delete(f->s, &f->a, doc_id(f, "a.txt"), &path, &f->err));
    assert_ok(f, put(f, p));
    assert_ok(f, rag_store_index_get(f->s, &f->a, "default_index", &index, &f->err));
    assert_string_equal(index.embed_model, "model-b");
    assert_int_equal(index.dims, DIMS);
    assert_int_equal(index.documents, 1);
}

static void incomplete_puts_are_refused(void **state)
{
    struct fixture *f = *state;
    struct rag_store_put p = put_of(&f->a, f->index, "a.txt", 1, TEXTS("x"));
    p.vectors = NULL;
    assert_int_equal(put(f, p), RAG_EINVAL);
    p = put_of(&f->a, f->index, NULL, 1, TEXTS("x"));
    assert_int_equal(put(f, p), RAG_EINVAL);
}

static void deletion_removes_it_everywhere(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    struct rag_document d;
    const char *path;
    float q[DIMS];
    size_t n;
    struct rag_store_put p = put_of(&f->a, f->index, "a.txt", 1, TEXTS("apple", "pear"));
    p.stored_path = "files/a";
    assert_ok(f, put(f, p));
    assert_ok(f, put(f, put_of(&f->a, f->index, "b.txt", 9, TEXTS("apple pie"))));
    vector_of(1, q);
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, 5, m, &n, &f->err));
    assert_int_equal(n, 3);
    int64_t gone = m[0].chunk_id;
    const char *id = doc_id(f, "a.txt");
    assert_ok(f, rag_store_document_delete(f->s, &f->a, id, &path, &f->err));
    assert_string_equal(path, "files/a");
    assert_int_equal(rag_store_document_get(f->s, &f->a, id, &d, &f->err), RAG_ENOTFOUND);
    assert_int_equal(rag_store_document_delete(f->s, &f->a, id, &path, &f->err), RAG_ENOTFOUND);
    assert_int_equal(search_words(f, "apple pear", m, 5), 1);
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, 5, m, &n, &f->err));
    assert_int_equal(n, 1);
    assert_null(text_of(f, gone));
    assert_ok(f, rag_store_check(f->s, &f->err));
}

static void shared_files_are_kept(void **state)
{
    struct fixture *f = *state;
    const char *path, **live;
    size_t n;
    struct rag_store_put p = put_of(&f->a, f->index, "a.txt", 1, TEXTS("x"));
    p.stored_path = "files/shared";
    assert_ok(f, put(f, p));
    p.name = "b.txt";
    assert_ok(f, put(f, p));
    struct rag_store_job_file file = {.name = "c.txt", .stored_path = "files/job", .sha256 = "c"};
    assert_ok(f, rag_store_job_create(f->s, "0123456789abcdef0123456789abcdef", f->index, &file, 1, &f->err));
    assert_ok(f, rag_store_live_paths(f->s, &f->a, &live, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(live[0], "files/job");
    assert_string_equal(live[1], "files/shared");
    assert_ok(f, rag_store_document_delete(f->s, &f->a, doc_id(f, "a.txt"), &path, &f->err));
    assert_string_equal(path, "");
    assert_ok(f, rag_store_document_delete(f->s, &f->a, doc_id(f, "b.txt"), &path, &f->err));
    assert_string_equal(path, "files/shared");
}

static void bytes_are_found_unless_the_name_must_be_replaced(void **state)
{
    struct fixture *f = *state;
    char id[33];
    struct rag_store_put p = put_of(&f->a, f->index, "a.txt", 1, TEXTS("x"));
    p.sha256 = "1111";
    assert_ok(f, put(f, p));
    p.name = "b.txt";
    p.sha256 = "2222";
    assert_ok(f, put(f, p));
    const struct {
        const char *sha256, *name, *found;
    } cases[] = {
        {"1111", "a.txt", "a.txt"},
        {"1111", "new.txt", "a.txt"},
        {"3333", "a.txt", NULL},
        {"1111", "b.txt", NULL}, /* b.txt holds other bytes and must become these */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(f, rag_store_find_bytes(f->s, f->index, cases[i].sha256, cases[i].name, id, &f->err));
        assert_string_equal(id, cases[i].found ? doc_id(f, cases[i].found) : "");
    }
    assert_ok(f, rag_store_find_bytes(f->s, f->index + 1, "1111", "a.txt", id, &f->err));
    assert_string_equal(id, "");
}

static void lists_are_filtered_and_paged(void **state)
{
    struct fixture *f = *state;
    struct rag_document *v;
    size_t n;
    int64_t total;
    static const char *const names[] = {"one.txt", "100%.txt", "100x.txt", "Two.TXT"};
    for (size_t i = 0; i < 4; i++)
        assert_ok(f, put(f, put_of(&f->a, f->index, names[i], 1, TEXTS("x"))));
    assert_ok(f, rag_store_document_list(f->s, &f->a, "default_index", NULL, 2, 1, &v, &n, &total, &f->err));
    assert_int_equal(total, 4);
    assert_int_equal(n, 2);
    assert_string_equal(v[0].name, "100x.txt"); /* newest first */
    assert_string_equal(v[1].name, "100%.txt");
    assert_ok(f, rag_store_document_list(f->s, &f->a, NULL, "0%", 0, 0, &v, &n, &total, &f->err));
    assert_int_equal(n, 1);
    assert_string_equal(v[0].name, "100%.txt");
    assert_ok(f, rag_store_document_list(f->s, &f->a, "", "two", 0, 0, &v, &n, NULL, &f->err));
    assert_int_equal(n, 1);
    assert_ok(f, rag_store_document_list(f->s, &f->a, NULL, NULL, 10, 50, &v, &n, &total, &f->err));
    assert_int_equal(n, 0);
    assert_int_equal(total, 4);
    assert_int_equal(rag_store_document_list(f->s, &f->a, "none", NULL, 0, 0, &v, &n, &total, &f->err),
                     RAG_ENOTFOUND);
}

static void a_document_without_chunks_is_listed(void **state)
{
    struct fixture *f = *state;
    struct rag_chunks none = {0};
    struct rag_store_put p = put_of(&f->a, f->index, "a.txt", 1, TEXTS("x"));
    p.chunks = &none;
    assert_ok(f, put(f, p));
    assert_non_null(doc_id(f, "a.txt"));
    assert_ok(f, rag_store_check(f->s, &f->err));
}

static void vectors_are_replaced_all_at_once(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    struct rag_index index;
    int64_t *ids;
    struct rag_str *texts;
    size_t n;
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("one", "two"))));
    assert_ok(f, put(f, put_of(&f->a, f->index, "b.txt", 3, TEXTS("three"))));
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 5, TEXTS("four", "five")))); /* now after b */
    assert_ok(f, rag_store_index_chunks(f->s, &f->a, f->index, &ids, &texts, &n, &f->err));
    assert_int_equal(n, 3);
    assert_string_equal(texts[0].p, "three");
    float vectors[3][2] = {{1, 0}, {0, 1}, {-1, 0}};
    assert_ok(f,
              rag_store_replace_vectors(f->s, f->index, ids, vectors[0], 3, 2, "model-c", "cccc", &f->err));
    float q[2] = {0, 1};
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, 2, 1, m, &n, &f->err));
    assert_string_equal(text_of(f, m[0].chunk_id), "four");
    assert_ok(f, rag_store_index_get(f->s, &f->a, "default_index", &index, &f->err));
    assert_string_equal(index.fingerprint, "cccc");
    assert_int_equal(index.dims, 2);
    /* Stale ids change nothing. */
    ids[0] += 100;
    assert_int_equal(
        rag_store_replace_vectors(f->s, f->index, ids, vectors[0], 3, 2, "model-d", "dddd", &f->err),
        RAG_EBUSY);
    assert_int_equal(
        rag_store_replace_vectors(f->s, f->index, ids, vectors[0], 2, 2, "model-d", "dddd", &f->err),
        RAG_EBUSY);
    assert_ok(f, rag_store_index_get(f->s, &f->a, "default_index", &index, &f->err));
    assert_string_equal(index.fingerprint, "cccc");
    assert_ok(f, rag_store_check(f->s, &f->err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_document_reads_back_with_its_passages, setup, teardown),
        cmocka_unit_test_setup_teardown(same_name_replaces_and_keeps_the_id, setup, teardown),
        cmocka_unit_test_setup_teardown(a_call_is_all_or_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(another_model_is_refused_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(incomplete_puts_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(deletion_removes_it_everywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(shared_files_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_are_found_unless_the_name_must_be_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_are_filtered_and_paged, setup, teardown),
        cmocka_unit_test_setup_teardown(a_document_without_chunks_is_listed, setup, teardown),
        cmocka_unit_test_setup_teardown(vectors_are_replaced_all_at_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
