/* test_open.c: opening: modes, one owner, damaged files, newer versions, folders that cannot be written. */
#include "helper.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void files_are_private(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"pai_rag.db", "pai_rag.db-wal", "pai_rag.db-shm", "pai_rag.lock"};
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("text"))));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct stat st;
        assert_int_equal(stat(rag_arena_printf(&f->a, "%s/%s", f->dir, names[i]), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void a_folder_has_one_owner(void **state)
{
    struct fixture *f = *state;
    struct rag_store *second;
    assert_int_equal(rag_store_open(f->dir, f->seg, &second, &f->err), RAG_EBUSY);
    assert_null(second);
    assert_non_null(strstr(f->err.msg, f->dir));
    reopen(f);
}

static void everything_is_there_after_reopening(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("the quick fox", "a lazy dog"))));
    reopen(f);
    assert_int_equal(search_words(f, "dog", m, 5), 1);
    assert_string_equal(text_of(f, m[0].chunk_id), "a lazy dog");
    float q[DIMS];
    size_t n;
    vector_of(1, q);
    assert_ok(f, rag_store_search_dense(f->s, f->index, q, DIMS, 5, m, &n, &f->err));
    assert_int_equal(n, 2);
    assert_string_equal(text_of(f, m[0].chunk_id), "the quick fox");
    assert_ok(f, rag_store_check(f->s, &f->err));
}

static void overwrite(struct fixture *f, off_t at, size_t n)
{
    int fd = open(rag_arena_printf(&f->a, "%s/pai_rag.db", f->dir), O_WRONLY);
    assert_true(fd >= 0);
    char *junk = malloc(n);
    memset(junk, 0x5a, n);
    assert_int_equal(pwrite(fd, junk, n, at), n);
    free(junk);
    close(fd);
}

static void a_damaged_header_is_named(void **state)
{
    struct fixture *f = *state;
    rag_store_close(f->s);
    overwrite(f, 0, 4096);
    assert_int_equal(rag_store_open(f->dir, f->seg, &f->s, &f->err), RAG_EIO);
    assert_null(f->s);
    assert_non_null(strstr(f->err.msg, "pai_rag.db"));
    assert_non_null(strstr(f->err.msg, "damaged"));
}

/* Every page but the first is rubbish: whatever is called answers with an error, and nothing crashes. */
static void damaged_pages_are_errors(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    float q[DIMS];
    size_t n;
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("the quick fox", "a lazy dog"))));
    rag_store_close(f->s);
    overwrite(f, 4096, 40 * 4096);
    if (rag_store_open(f->dir, f->seg, &f->s, &f->err) == 0) {
        vector_of(1, q);
        assert_int_not_equal(rag_store_check(f->s, &f->err), 0);
        assert_int_not_equal(rag_store_search_dense(f->s, f->index, q, DIMS, 5, m, &n, &f->err), 0);
        assert_int_not_equal(put(f, put_of(&f->a, f->index, "b.txt", 1, TEXTS("text"))), 0);
    }
    assert_true(strlen(f->err.msg) > 0);
}

static void sql(struct fixture *f, const char *text)
{
    sqlite3 *db;
    char *why = NULL;
    assert_int_equal(sqlite3_open(rag_arena_printf(&f->a, "%s/pai_rag.db", f->dir), &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &why))
        fail_msg("%s: %s", text, why);
    sqlite3_close(db);
}

static void a_newer_version_is_refused(void **state)
{
    struct fixture *f = *state;
    rag_store_close(f->s);
    sql(f, "PRAGMA user_version = 7000");
    assert_int_equal(rag_store_open(f->dir, f->seg, &f->s, &f->err), RAG_EUNSUPPORTED);
    assert_non_null(strstr(f->err.msg, "7000"));
    sql(f, "PRAGMA user_version = 1");
    open_store(f);
}

static void check_finds_what_is_missing(void **state)
{
    struct fixture *f = *state;
    static const char *const damage[] = {"DELETE FROM chunk WHERE ordinal = 1", "DELETE FROM vector",
                                         "UPDATE vector SET data = x'00'", "UPDATE kb SET dims = 7",
                                         "DELETE FROM fts_1_docsize"};
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("the quick fox", "a lazy dog"))));
        assert_ok(f, rag_store_check(f->s, &f->err));
        rag_store_close(f->s);
        sql(f, damage[i]);
        open_store(f);
        if (rag_store_check(f->s, &f->err) == 0)
            fail_msg("not noticed: %s", damage[i]);
        rag_store_close(f->s);
        rag_fs_remove_tree(f->dir, NULL);
        open_store(f);
    }
}

/* Tables of words that another segmenter cut are built anew. */
static void a_new_segmenter_rebuilds_the_words(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("the quick fox", "a lazy dog"))));
    rag_store_close(f->s);
    sql(f, "UPDATE meta SET value = 'another' WHERE key = 'segmenter'; DELETE FROM fts_1_idx;"
           "DELETE FROM fts_1_docsize");
    open_store(f);
    assert_int_equal(search_words(f, "dog", m, 5), 1);
    assert_ok(f, rag_store_check(f->s, &f->err));
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
    struct fixture *f = *state;
    struct rag_store *s;
    const char *path = rag_arena_printf(&f->a, "%s/file", f->dir);
    assert_ok(f, rag_fs_write_durable(path, "x", 1, &f->err));
    assert_int_equal(rag_store_open(rag_arena_printf(&f->a, "%s/data", path), f->seg, &s, &f->err), RAG_EIO);
    assert_non_null(strstr(f->err.msg, path));
}

/* Root may write everywhere, so the test becomes somebody else meanwhile. */
static void a_folder_that_cannot_be_written_is_named(void **state)
{
    struct fixture *f = *state;
    struct rag_store *s;
    bool root = geteuid() == 0;
    enum { NOBODY = 65534 };
    const char *path = rag_arena_printf(&f->a, "%s/readonly", f->dir);
    assert_int_equal(mkdir(path, 0555), 0);
    assert_int_equal(chmod(f->dir, 0755), 0);
    if (root)
        assert_int_equal(seteuid(NOBODY), 0);
    int rc = rag_store_open(path, f->seg, &s, &f->err);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(rc, RAG_EIO);
    assert_non_null(strstr(f->err.msg, path));
}

/* A limit on the size of files stands for a full disk. */
static void a_full_disk_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct rag_store_match m[5];
    struct rlimit old, small;
    char *big = malloc(RAG_MIB + 1);
    assert_non_null(big);
    memset(big, 'x', RAG_MIB);
    big[RAG_MIB] = '\0';
    assert_ok(f, put(f, put_of(&f->a, f->index, "a.txt", 1, TEXTS("the quick fox"))));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){256 << 10, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = put(f, put_of(&f->a, f->index, "a.txt", 9, TEXTS(big, big)));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    free(big);
    assert_int_equal(rc, RAG_EIO);
    assert_non_null(strstr(f->err.msg, "pai_rag.db"));
    assert_int_equal(search_words(f, "fox", m, 5), 1);
    assert_ok(f, put(f, put_of(&f->a, f->index, "b.txt", 5, TEXTS("a second fox"))));
    assert_int_equal(search_words(f, "fox", m, 5), 2);
    assert_ok(f, rag_store_check(f->s, &f->err));
}

static void close_takes_null(void **state)
{
    (void)state;
    rag_store_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_private, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_has_one_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(everything_is_there_after_reopening, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_header_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_pages_are_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(a_newer_version_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(check_finds_what_is_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_segmenter_rebuilds_the_words, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_made_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_changes_nothing, setup, teardown),
        cmocka_unit_test(close_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
